"""`python -m askreport` is `askreport`."""

from askreport.serve.cli import main

if __name__ == "__main__":
    main()
