"""Reads a recording with the independent packages `mcap` and `mcap-ros2-support` and prints what it holds as JSON.

Usage: check_mcap.py FILE. Ends with 77 where the packages are missing. Floats are printed as their bits, so that
nothing is rounded.
"""

import hashlib
import json
import struct
import sys

try:
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)


def bits(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def plain(value):
    if isinstance(value, float):
        return bits(value)
    if isinstance(value, bytes):
        return list(value)
    if hasattr(value, "__len__") and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def main():
    with open(sys.argv[1], "rb") as file:
        reader = make_reader(file, validate_crcs=True)
        header = reader.get_header()
        summary = reader.get_summary()
        hasher = hashlib.sha256()
        for _, _, message in reader.iter_messages(log_time_order=False):
            hasher.update(message.data)
        metadata = [{"name": record.name, **record.metadata} for record in reader.iter_metadata()]

        file.seek(0)
        decoding = make_reader(file, decoder_factories=[DecoderFactory()])
        messages = []
        for schema, channel, message, decoded in decoding.iter_decoded_messages():
            fields = {name: plain(getattr(decoded, name)) for name in decoded.__slots__}
            messages.append(
                {
                    "topic": channel.topic,
                    "schema": schema.name,
                    "log_time": message.log_time,
                    "publish_time": message.publish_time,
                    "sequence": message.sequence,
                    "fields": fields,
                }
            )
        print(
            json.dumps(
                {
                    "profile": header.profile,
                    "n_messages": summary.statistics.message_count,
                    "n_chunks": len(summary.chunk_indexes),
                    "channels": sorted(
                        ({"topic": c.topic, **c.metadata} for c in summary.channels.values()),
                        key=lambda c: c["topic"],
                    ),
                    "sha256": hasher.hexdigest(),
                    "metadata": metadata,
                    "messages": messages,
                }
            )
        )


main()
