"""What the wording of a question asks for, and which sentences hold it."""

import pytest

from askreport.query import expected


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many beds were bought?", "figure"),
        ("How much did the roof cost?", "money"),
        ("What was the budget deficit of the county?", "money"),
        ("What does the harbour pay a newly trained pilot?", "money"),
        ("how old is the bridge?", "age"),
        ("What is his own email address?", "contact"),
        ("How much silt was dredged?", "figure"),
        ("How long did the work take?", "figure"),
        ("How often are they inspected?", "figure"),
        ("What percentage of staff left?", "share"),
        ("What was the total cost?", "money"),
        ("What proportion of apples was lost?", "share"),
        ("When did the trust leave special measures?", "time"),
        ("In which year was the lamp lit?", "time"),
        ("What date was the inspection?", "time"),
        ("How long ago was it built?", "time"),
        ("Who is the chief executive?", "person"),
        ("Whose idea was it?", "person"),
        ("To whom did they write?", "person"),
        ("Which nurse spoke up?", "person"),
        ("What was the name of the keeper?", "person"),
        ("How did the trust ease the pressure?", None),
        ("Why was the bridge closed?", None),
        ("What changed after the inspection?", None),
        ("Describe the showhow and whenever of it", None),
        ("Was the wholesale market moved?", None),
        ("Is there a keeper who got well when the lamp was lit?", None),
        ("When I retire, can I claim what I paid?", None),
        ("Were the ferries full when they were new?", None),
        ("Didn't they say when the lamp was lit?", "time"),
        ("Can you tell me when the lamp was lit?", "time"),
        ("Is it known how many beds were bought?", "figure"),
        ("How many keepers, at most, have served?", "figure"),
        ("In 1990, who was the harbour master?", "person"),
        ("", None),
    ],
)
def test_a_question_asks_for(question: str, wanted: expected.Kind | None) -> None:
    assert expected.kind(question) == wanted


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("figure", "The trust bought 12 beds."),
        ("figure", "Half of the staff left."),
        ("figure", "Sickness fell to 4 per cent."),
        ("share", "Half of the staff left."),
        ("share", "Sickness fell to 4 per cent."),
        ("share", "Nine out of ten sailed."),
        ("share", "Staff | 12 | 14"),
        ("money", "The roof cost £3,000."),
        ("money", "It took two million pounds."),
        ("money", "Roof | 3,000"),
        ("age", "Ada Marsh, aged 61, kept the lamp."),
        ("age", "The bridge was built by masons."),
        ("contact", "Write to harbour@port.example."),
        ("time", "It opened in 1998."),
        ("time", "The frost came on a Tuesday."),
        ("time", "Meetings are held weekly."),
        ("person", "Ada Marsh kept the lamp burning."),
        ("person", "It was said by Dr Okafor."),
        ("person", "The engineer was Vincent van Houten."),
    ],
)
def test_a_sentence_holds(wanted: expected.Kind, sentence: str) -> None:
    assert expected.holds(sentence, wanted)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("figure", "The trust bought beds."),
        ("share", "The trust bought 12 beds."),
        ("money", "The trust bought 12 beds."),
        ("age", "Ines Calder said so in 2016."),
        ("contact", "Write to the harbour master."),
        ("figure", "Anyone could see the attendance."),
        ("time", "The bridge was closed to lorries."),
        ("person", "the keeper kept the lamp burning."),
        ("person", "Staff said that morale had improved."),
        ("figure", ""),
    ],
)
def test_a_sentence_does_not_hold(wanted: expected.Kind, sentence: str) -> None:
    assert not expected.holds(sentence, wanted)


@pytest.mark.parametrize("sentence", ["", "Anything at all."])
def test_where_nothing_is_wanted_every_sentence_will_do(sentence: str) -> None:
    assert expected.holds(sentence, None)
