"""recorded_messages.py FILE: whether every message of a Swift client and its server, one a line of FILE, is valid in its revision."""

import sys

import checks as testing
import protocol_schema
import recording


async def main(checks):
    protocol_schema.tell(checks, "of the conversation", recording.read(sys.argv[1]), "client")


if __name__ == "__main__":
    testing.run(main, 60)
