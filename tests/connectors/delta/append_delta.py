#!/usr/bin/env python3
"""Appends a row to a Delta table with deltalake and has it write a checkpoint.

usage: append_delta.py DIR ID.
"""
import os
import sys

import pyarrow
from deltalake import DeltaTable, write_deltalake

schema = pyarrow.schema([pyarrow.field("id", pyarrow.int64(), nullable=False)])
write_deltalake(sys.argv[1], pyarrow.table({"id": [int(sys.argv[2])]}, schema=schema), mode="append")
DeltaTable(sys.argv[1]).create_checkpoint()
# Threads of deltalake's library may still run: the interpreter's own end would race with them and abort.
sys.stdout.flush()
os._exit(0)
