import pytest

from xcgraph.data import tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" -- !? ", []),
        ("Text editor, small", ["text", "editor", "small"]),
        ("NetworkManager", ["networkmanager", "network", "manager"]),
        ("network-manager", ["networkmanager", "network", "manager"]),
        ("network_manager", ["networkmanager", "network", "manager"]),
        ("python3-gtk", ["python3gtk", "python3", "python", "3", "gtk"]),
        ("XMLParser", ["xmlparser", "xml", "parser"]),
        ("README", ["readme"]),
        ("Qt", ["qt"]),
        ("PyQt5", ["pyqt5", "py", "qt", "5"]),
        ("2.0", ["2", "0"]),
        ("gtk gtk", ["gtk", "gtk"]),
        ("C", ["c"]),
        ("Größe café", ["größe", "café"]),
        ("ÉcoleNormale", ["écolenormale", "école", "normale"]),
        ("ΑθήναΝέα", ["αθήνανέα", "αθήνα", "νέα"]),
        ("漢字", ["漢字"]),
        ("cafe\u0301", ["café"]),
        ("m\u00b2", ["m2", "m", "2"]),
    ],
)
def test_tokenize(text, tokens):
    assert tokenize(text) == tokens


def test_tokenize_spellings_share_tokens():
    assert set(tokenize("NetworkManager")) == set(tokenize("network-manager")) == set(tokenize("Network_manager"))
