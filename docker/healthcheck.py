#!/usr/bin/env python3
"""Status 0 where a URL answers with success within four seconds, else 1; tells what it said."""

import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

url = urlsplit(sys.argv[1])
connection = HTTPConnection(url.hostname or "", url.port, timeout=4)
try:
    connection.request("GET", url.path)
    answer = connection.getresponse()
    told = answer.read(2000).decode(errors="replace").strip()
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
print(told)
sys.exit(0 if answer.status < 300 else 1)
