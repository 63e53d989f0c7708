"""What each bad outcome means for the business, Chinese and English: whom it touches, and whether data is lost."""

from __future__ import annotations

MEANINGS: dict[str, tuple[str, str]] = {
    "python.unfit": ("程序可能无法启动", "the programs may not start"),
    "java.broken": ("Kafka 与注册中心无法启动,整条链停摆", "Kafka and the registry cannot start: nothing runs"),
    "jars.missing": (
        "下一次启动会失败;正在运行的部分不受影响",
        "the next start fails; what runs now is not touched",
    ),
    "disk.low": (
        "写满后 Kafka 停止,新业务事件无法被接收",
        "when it is full Kafka stops, and no new business event is taken",
    ),
    "home.open": (
        "同机其他用户能读到口令与业务数据",
        "other users of this machine can read secrets and business data",
    ),
    "endpoints.none": ("这条链还没有启动过", "this chain was never started"),
    "processes.none": (
        "没有预警、没有预测、没有通知;来源系统的发布会失败",
        "no alerts, no forecasts, no notifications; what sources publish fails",
    ),
    "processes.away": (
        "少了这一部分的工作;其余继续,恢复后自动追上",
        "the work of that part stands; the others go on, and it catches up by itself",
    ),
    "ports.taken": (
        "该部分不能在原地址启动,客户端可能连到别人的程序",
        "that part cannot start at its address; clients may talk to a stranger",
    ),
    "kafka.silent": (
        "新事件进不来,预警与通知全部停止;已确认的数据不会丢",
        "no new event gets in, alerts and notifications stand; nothing acknowledged is lost",
    ),
    "kafka.topics": (
        "发往该主题的事件会失败,依赖它的规则不触发",
        "events for that topic fail, and rules that need it do not fire",
    ),
    "audit.mismatch": (
        "报表、看板与 SQL 里的数字可能有误;事件日志本身没有丢",
        "numbers in reports, dashboards and SQL may be wrong; the log itself has lost nothing",
    ),
    "replicas.under": (
        "数据还在、还能写;再坏一台 broker 就可能停写或丢数据",
        "data is whole and writes go on; one more broker lost may stop writes or lose data",
    ),
    "replicas.refusing": (
        "该分区现在拒绝写入:新事件进不来,预警停止",
        "that partition refuses writes now: no new event gets in, and alerts stand",
    ),
    "registry.silent": (
        "采集在等待,新事件晚到;不会拒绝也不会丢数据",
        "ingest waits, new events are late; nothing is refused or lost",
    ),
    "registry.level": (
        "不兼容的模式改动会被放行,之后的事件可能无法读取",
        "an incompatible change of a schema would pass, and later events could not be read",
    ),
    "schemas.drift": (
        "事件可能按别的字段定义写入;读取仍兼容,含义要核对",
        "events may be written by another definition; they can be read, but check what they mean",
    ),
    "clickhouse.silent": (
        "控制台、报表和查询没有数据;预警与通知照常,恢复后自动补齐",
        "console, reports and queries are empty; alerts and notifications go on, and the tables catch up",
    ),
    "clickhouse.behind": (
        "新列还没有,部分报表会出错",
        "new columns are not there yet: some reports fail",
    ),
    "clock.off": (
        "时间类规则(超期、静默)会早报或晚报;差得多时采集停止",
        "rules about time (overdue, silence) fire early or late; far off, ingest stops",
    ),
    "gateway.silent": (
        "网页、HTTP 发布和确认链接不可用;直接写 Kafka 的来源不受影响",
        "pages, HTTP publishing and links to confirm do not work; sources that write to Kafka are not touched",
    ),
    "followers.stuck": (
        "其后的事件都在排队:预警、通知或报表变晚,不会丢",
        "all events behind it wait: alerts, notifications or reports are late, none is lost",
    ),
    "followers.unread": (
        "该主题的事件对这个程序等于没有发生",
        "for that program the events of this topic have not happened",
    ),
    "letters.rising": (
        "这些业务事件没有计入任何数字,直到修复重放",
        "these business events count in no number until they are repaired and replayed",
    ),
    "sources.silent": (
        "依赖该来源的数字停在旧值;超期与静默类预警可能是假象",
        "numbers from that source stand still; alerts about delay or silence may be false",
    ),
}
