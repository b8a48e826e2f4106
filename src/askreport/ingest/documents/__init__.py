"""One reader a format: a file's bytes become pages of plain text with headings."""
