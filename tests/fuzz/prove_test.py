#!/usr/bin/env python3
"""A finding that needs the inputs before it can be repeated: what a target has kept of them becomes files again."""
import pathlib
import struct
import tempfile
import unittest

import prove


class UnpackHistory(unittest.TestCase):
    def test_inputs_become_files_in_their_order(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "target.history"
            inputs = [b"one", b"", b"\x00three"]
            path.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in inputs))
            for _ in range(2):
                names = prove.unpack_history(path)
                self.assertEqual([name.read_bytes() for name in names], inputs)
                self.assertEqual(sorted(path.with_name("target.history.inputs").iterdir()), names)


if __name__ == "__main__":
    unittest.main()
