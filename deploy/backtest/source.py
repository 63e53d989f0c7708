"""Where the facts of a back-test come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from deploy.replay import spine
from sharedchain.codec import Codec
from sharedchain.endpoints import Endpoints
from sharedchain.fact import Fact
from sharedchain.registry import Registry
from sharedchain.schemas import Catalog
from sharedchain.scope import EVERY_WALL_SCOPE, PARTITIONS, SYSTEM, partition_of

Source = Callable[[], Iterator[Fact]]  # read anew at each call


def of_log(endpoints: Endpoints, tenant: str = "") -> Source:
    """The spine as it is now, partition by partition; with `tenant`, what concerns it alone."""
    partitions = (partition_of(tenant),) if tenant else range(PARTITIONS)

    def read() -> Iterator[Fact]:
        codec = Codec(Registry.of(endpoints), Catalog.load())
        for partition in partitions:
            yield from about(spine(endpoints, codec, partition), tenant)

    return read


def about(facts: Iterable[Fact], tenant: str) -> Iterator[Fact]:
    """Without the facts of other tenants, unless `tenant` is empty."""
    mine = {tenant, SYSTEM, EVERY_WALL_SCOPE}
    return (fact for fact in facts if not tenant or fact.scope in mine)
