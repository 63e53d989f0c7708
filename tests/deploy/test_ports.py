import socket

from deploy.local.ports import Ports


def test_a_port_is_given_once() -> None:
    ours, theirs = Ports(seed=7), Ports(seed=7)  # the same choices in the same order
    given = [ports.take() for _ in range(20) for ports in (ours, theirs)]
    assert len(set(given)) == len(given)


def test_the_wanted_port_is_given_if_it_is_free() -> None:
    port = Ports().take()  # let go at once
    assert Ports().take(port) == port


def test_a_port_somebody_listens_on_is_not_given() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert Ports().take(busy.getsockname()[1]) != busy.getsockname()[1]
