"""What may be wrong with an endpoints file, in both languages: what it is and how to mend it."""

from __future__ import annotations

from sharedchain.cli import language

_TEXT: dict[str, tuple[str, str]] = {
    "absent": ("{file} 无法读取({why}):检查路径与权限", "{file} cannot be read ({why}): check its path and rights"),
    "yaml": ("不是 YAML:{why}", "is not YAML: {why}"),
    "missing": ("缺少;请补上 {field}", "is missing: add {field}"),
    "extra": ("此处没有 {field};见 docs/connect.md", "{field} is not known here: see docs/connect.md"),
    "choice": ("不认识的值;可选:{known}", "is not known: choose {known}"),
    "literal": (
        "口令不写在此文件里;改为 {{env: 变量名}} 或 {{file: 路径}}",
        "no {field} in clear in this file: write {{env: NAME}} or {{file: PATH}}",
    ),
    "reference": (
        "口令的出处要么是 env,要么是 file",
        "{field} needs either env or file, and one of them",
    ),
    "empty": (
        "没有指明任何部分;写出 kafka、registry 或 clickhouse",
        "names no part: write kafka, registry or clickhouse",
    ),
    "unnamed": (
        "端点文件没有 {parts}:没有监督进程就没人启动它;补上,或用 sharedchain up --connect",
        "the endpoints file does not name {parts}: without a supervisor nobody starts it; "
        "add it, or use sharedchain up --connect",
    ),
    "users.none": (
        "{security} 需要用户;在 users 下按程序或 default 写出 user 与 password",
        "{security} needs users: write user and password under users, by program or as default",
    ),
    "users.unused": (
        "{security} 不验证用户;删去 users,或改 security 为 SASL_SSL",
        "{security} asks for no user: drop users, or set security to SASL_SSL",
    ),
    "ca.unused": (
        "{security} 不加密;删去 ca,或改 security 为 SASL_SSL",
        "{security} does not encrypt: drop ca, or set security to SASL_SSL",
    ),
    "half": ("user 与 password 要么都写,要么都不写", "user and password go together: write both or none"),
    "program": (
        "没有程序 {program};可用:{known}、default",
        "there is no program {program}: known are {known}, default",
    ),
    "url": ("{url} 不是 http(s) 地址;例 https://host:8443", "{url} is no http(s) address: as in https://host:8443"),
    "bootstrap": (
        "“{broker}”不是 broker 的地址;写 主机:端口,如 b1:9093,b2:9093",
        "'{broker}' is no address of a broker: write host:port, as in b1:9093,b2:9093",
    ),
    "url.login": (
        "口令不写在地址里;从地址中删去 user:password@,另写 user 与 password: {{env: 变量名}}",
        "no login in an address, which is shown and kept in clear: "
        "take user:password@ out of it and write user, and password: {{env: NAME}}",
    ),
    "unsigned": (
        "webhook 要签名;补上 webhook_secret(whsec_…)",
        "a webhook is signed: add webhook_secret (of a whsec_… secret)",
    ),
}


def say(key: str, **values: object) -> str:
    return _TEXT[key][0 if language() == "zh" else 1].format(**values)
