"""Slices beside per-event agents: `KAFKA=host:9092 faust -A streams.seam.example worker --without-web -l info`."""

import os

import faust

from streams import seam

app = seam.App(
    "slices-example", broker=f"{seam.SCHEME}://{os.environ.get('KAFKA', 'localhost:9092')}", store="memory://"
)
readings = app.topic("example.readings", schema=seam.SliceSchema(), partitions=4)
sums = app.topic("example.sums", value_serializer="json", partitions=4, internal=True)
total = app.Table("example.total", key_type=int, value_type=int, default=int, partitions=4)


@app.agent(readings)
async def add(stream: faust.StreamT) -> None:
    async for event in stream.events():  # one event: all records of one fetch of one partition, in offset order
        own = event.message.partition
        total[own] += sum(len(record.value) for record in event.value)
        await sums.send(key=b"k", value={"partition": own, "records": len(event.value), "bytes": total[own]})


@app.agent(sums)
async def tell(stream: faust.StreamT) -> None:
    async for said in stream:  # one by one, as in any Faust app
        print(f"sum {said['partition']} {said['records']} {said['bytes']}")  # Faust logs it as a warning
