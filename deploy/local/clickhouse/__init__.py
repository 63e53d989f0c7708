"""ClickHouse's HTTP protocol in front of the embedded chDB engine, on loopback only.

One process owns one data folder. One thread serves one connection; every request runs on a fresh
chDB handle, so settings, temporary tables and parameters end with it; a `session_id` keeps its
handle. What the protocol knows and this server cannot do answers ClickHouse's code 48.
"""
