"""What a request says of its body brings nobody an error without a page, and reads no address otherwise."""

import http.client
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest

from articles.tests.factories import make_article
from deploy import loopback
from newsportal.content_type import told_plainly
from newsportal.tests import nodes
from newsportal.tests.served import Served

#: The first two are no charsets of text, or none at all; by the third an address would have no parameters.
ODD = (
    "a/b; charset=rot13", "a/b; charset=hex", "a/b; charset=cp037", "a/b; charset=nonsense", "a/b; charset=",
    "a/b; x*=nonsense''%41", "a/b; x*='", "a/b;;;=", ";", "a/b; charset*=rot13''%41", '; charset="',
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_every_address_has_its_page_whatever_is_said_of_a_body():
    make_article(headline="The ferry sails")
    served = Served()
    for odd in ODD:
        lost = served.get("/latest/?after=x", CONTENT_TYPE=odd)
        assert lost.status == 404 and "This page has flown" in lost.text, odd
        assert "The ferry sails" in served.get("/latest/", CONTENT_TYPE=odd).text, odd
        assert "<mark>ferry</mark>" in served.get("/search/?q=ferry", CONTENT_TYPE=odd).text, odd
        assert served.get("/admin/login/?next=/admin/", CONTENT_TYPE=odd).status == 200, odd
        for method in ("POST", "PUT", "OPTIONS", "NONSENSE"):
            answer = served.get("/comments/confirm/?x=1", method, CONTENT_TYPE=odd)
            assert answer.status in {403, 405} and "X-Request-ID" in answer.headers, (odd, method)


def understood(request: WSGIRequest, said: str | None = None) -> WSGIRequest:
    """As Django gets it, through what stands before it."""
    got: list[WSGIRequest] = []
    environ = request.environ | ({"CONTENT_TYPE": said} if said is not None else {})
    told_plainly(lambda environ, start_response: [got.append(WSGIRequest(environ)) or b""])(environ, lambda *args: None)
    return got[0]


def test_forms_and_files_come_as_they_were_sent(rf):
    typed = {"body": "Příliš žluťoučký “kůň”", "file": SimpleUploadedFile("boat.txt", b"\0\xff", "text/plain")}
    whole = rf.post("/", typed)
    kind = whole.environ["CONTENT_TYPE"]
    for said in (None, f"{kind}; charset=rot13", kind.replace("boundary", "x=y;\tBoundary"), f" {kind} ; x*=no''%41"):
        whole = rf.post("/", typed | {"file": SimpleUploadedFile("boat.txt", b"\0\xff", "text/plain")})
        got = understood(whole, said)
        assert got.POST["body"] == typed["body"] and got.FILES["file"].read() == b"\0\xff"
    quoted = whole.environ["CONTENT_TYPE"].replace("boundary=", 'boundary="') + '"; charset=utf-8'
    assert understood(rf.post("/", {"body": "x"}), quoted).POST["body"] == "x"


@pytest.mark.parametrize("said", ["", "; charset=UTF-8", "; charset=rot13", ";charset=iso-8859-1", "; CHARSET=cp037"])
def test_a_form_is_read_as_browsers_write_it(rf, said):
    kind = "application/x-www-form-urlencoded"
    sent = rf.post("/?q=%C3%A9", urlencode({"body": "é"}), content_type=kind)
    got = understood(sent, kind + said)
    assert (got.POST["body"], got.GET["q"]) == ("é", "é")
    assert understood(rf.post("/", "{}", content_type="application/json"), "application/JSON" + said).content_type == (
        "application/json"
    )


@pytest.mark.django_db(transaction=True)
def test_a_server_answers_with_a_page_and_logs_no_address(capfd):
    with nodes.running(1, LOG_FORMAT="json") as [port]:
        for path in ("/latest/?after=secret", "/search/?q=secret", "/admin/login/?next=secret"):
            connection = http.client.HTTPConnection(loopback.HOST, port, timeout=60)
            connection.request("GET", path, headers={"Content-Type": "a/b; charset=rot13"})
            answer = connection.getresponse()
            assert answer.status in {200, 404} and b"</html>" in answer.read(), path
            connection.close()
    told = capfd.readouterr().err
    assert '"status_code": 404' in told and "secret" not in told and "Traceback" not in told
