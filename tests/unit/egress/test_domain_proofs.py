"""Proofs of domains, asked of a real name server on loopback and a real web server."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from ostiary.egress.domain_proofs import DomainProofs
from ostiary.egress.fetcher import LOOPBACK, Egress
from ostiary.model.domain import DomainProof
from support.listener import listen, respond

VALUE = "ostiary-domain-verification=abc"
NAME = "_ostiary-challenge.acme.test"
NOWHERE = "https://[::1]:1/.well-known/ostiary-domain"


class NameServer(asyncio.DatagramProtocol):
    """Answers questions about TXT records, by name; all other names do not exist."""

    def __init__(self, records):
        self.records = records
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, content, sender):
        question = dns.message.from_wire(content)
        name = str(question.question[0].name)
        self.asked.append(name)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if name in self.records:
            texts = [f'"{text}"' for text in self.records[name]]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), sender)


@pytest.fixture
async def server():
    protocol = NameServer({f"{NAME}.": ["v=spf1 -all", VALUE]})
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: protocol, local_addr=("127.0.0.1", 0)
    )
    protocol.port = transport.get_extra_info("sockname")[1]
    yield protocol
    transport.close()


@pytest.fixture
async def egress():
    egress = Egress(LOOPBACK)
    yield egress
    await egress.aclose()


@pytest.fixture
def proofs(egress, server):
    return DomainProofs(egress, [f"127.0.0.1:{server.port}"])


async def test_a_txt_record_proves(proofs, server):
    assert await proofs.find(NAME, NOWHERE, VALUE) is DomainProof.DNS
    assert server.asked == [f"{NAME}."]


@pytest.mark.parametrize("value", [f"{VALUE}d", VALUE.upper(), "v=spf1", ""])
async def test_another_value_does_not(proofs, value):
    assert await proofs.find(NAME, NOWHERE, value) is None


async def test_a_file_proves_too(proofs):
    answer = respond(f"# ours\n{VALUE}\n".encode(), media_type="text/plain; charset=utf-8")
    async with listen(answer) as listener:
        url = f"http://127.0.0.1:{listener.port}/.well-known/ostiary-domain"
        assert await proofs.find("_ostiary-challenge.other.test", url, VALUE) is DomainProof.WEB


async def test_a_page_that_holds_the_value_somewhere_does_not(proofs):
    answer = respond(f"x {VALUE}".encode(), media_type="text/plain")
    html = respond(VALUE.encode(), media_type="text/html")
    for one in (answer, html):
        async with listen(one) as listener:
            url = f"http://127.0.0.1:{listener.port}/"
            assert await proofs.find("_ostiary-challenge.other.test", url, VALUE) is None


async def test_ss_01_no_file_is_read_from_inside(server):
    egress = Egress()
    proofs = DomainProofs(egress, [f"127.0.0.1:{server.port}"])
    async with listen(respond(VALUE.encode())) as canary:
        url = f"https://127.0.0.1:{canary.port}/"
        assert await proofs.find("_ostiary-challenge.other.test", url, VALUE) is None
        assert canary.hits == 0
    await egress.aclose()
