"""Words of the generated pages in both languages, and the small forms that they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from screener.language import Language, bound

__all__ = ["PAGES", "ROOT", "bold", "cell", "code", "heading", "table", "word"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "pages"

_WORDS = {
    "generated": "由 `python -m docs.making write` 生成，请勿手改。",
    "Packages and their licences": "依赖包与许可证",
    "What `pip install screener` brings, and what each extra brings besides: packages with the "
    "licence that they state, and megabytes on disk (Linux, Python 3.11, versions of "
    "`constraints.txt`).": (
        "`pip install screener` 安装的依赖包，以及各可选项另外安装的依赖包："
        "各包自述的许可证与磁盘占用（MB；Linux、Python 3.11、`constraints.txt` 中的版本）。"
    ),
    "{n} packages, {size} MB.": "{n} 个包，共 {size} MB。",
    "{n} package, {size} MB.": "{n} 个包，共 {size} MB。",
    "package": "包",
    "licence": "许可证",
    "MB": "MB",
    "not stated": "未注明",
    "Commands": "命令",
    "Every command, with all of its options, as `--help` tells them.": (
        "全部命令及其选项，与 `--help` 所示一致。"
    ),
    "option": "选项",
    "argument": "参数",
    "default": "默认",
    "meaning": "含义",
    "Example": "示例",
    "Columns": "数据列",
    "Columns of every result, the same in CSV, JSON, workbooks and DataFrames. A ? marks what may "
    "be empty. Fractions are fractions: 0.01 is one per cent.": (
        "全部结果表的数据列，CSV、JSON、工作簿与 DataFrame 一致；? 表示可以为空。"
        "比例一律为小数：0.01 即 1%。"
    ),
    "column": "列",
    "label": "显示名",
    "type": "类型",
    "unit": "单位",
    "Fields of the screen": "选股字段",
    "What `screener screen` can ask for: as `--FIELD a..b`, in `--where`, `--rank` and `--fields`. "
    "Each says nothing (and so never passes) where its reason holds.": (
        "`screener screen` 可用的字段：可写成 `--字段 a..b`，也可用于 `--where`、`--rank` 与 "
        "`--fields`。遇到所列缘由时取空值，且绝不通过条件。"
    ),
    "field": "字段",
    "formula": "计算方法",
    "undefined": "何时为空",
    "ranks": "分位",
    "own history": "自身历史",
    "market, industry": "全市场、行业内",
    "Settings": "设置",
    "Keys of `screener.toml`; `screener config KEY VALUE` sets one, all but the lake's, which is a "
    "table. An option of a command goes first, then the environment variable, then the file.": (
        "`screener.toml` 的键；用 `screener config 键 值` 修改，数据湖的位置除外（它是一个表）。"
        "优先次序：命令选项、环境变量、文件。"
    ),
    "key": "键",
    "variable": "环境变量",
    "Exit codes and errors": "退出码与错误",
    "How a command ends. Each error says what happened, where, and how to correct it.": (
        "命令以何种状态结束。每条错误都说明发生了什么、在哪里、如何修正。"
    ),
    "code": "退出码",
    "error": "错误",
    "all that was asked for came out": "所要求的全部给出",
    "a bug: please report it with its traceback": "程序缺陷：请附上堆栈信息报告",
    "`screener today` only: something is new": "仅 `screener today`：有新情况",
    "interrupted; what was not finished was not stored": "已中断；未完成的部分没有写入",
    "Market data": "行情数据表",
    "Tables of the data store, as `screener data export` writes them and `screener data import` "
    "fills them. A * marks what must be there.": (
        "数据湖中的表，由 `screener data import` 写入，可用 `screener data export` 导出；* 为必填。"
    ),
    "unit or meaning": "单位或含义",
    "Files and their keys": "文件与键",
    "Files of a workspace that people write and correct by hand. A ? marks what may be left out.": (
        "工作区里可手工编写和修改的文件；? 表示可以省略。"
    ),
    "Market rules": "市场规则",
    "What the program knows of the markets' rules, dated, each with its source. `screener rules "
    "--at D --listing L` shows what held for a listing on a day.": (
        "程序所记录的市场规则，均注明起止日期与出处。`screener rules --at 日期 --listing 代码` "
        "显示某日某只证券适用的规则。"
    ),
    "rule": "规则",
    "source": "出处",
    "verified": "已核实",
    "yes": "是",
    "no": "否",
    "from": "自",
    "to": "至",
    "Messages": "提示信息",
    "Every sentence that the program can say, in both languages, by the part that says it: search "
    "here for the words of a remark or an error. `{braces}` stand for what is filled in.": (
        "程序可能给出的每一句话，中英对照，按出处归类：可在此搜索提示或错误里的字句。"
        "`{花括号}` 处为实际填入的内容。"
    ),
    "English": "英文",
    "Chinese": "中文",
    "Python": "Python 接口",
    "The library behind the command line. Every example runs as a test.": (
        "命令行背后的库。每个示例都作为测试运行。"
    ),
    "Feature table": "功能对照",
    "What the best tools have each for themselves, and the command that shows it here.": (
        "各家工具所长，以及在本程序中对应的命令。"
    ),
    "feature": "功能",
    "command": "命令",
    "Statistics": "统计方法",
    "Every statistic with its formula and where it was published, from the code's own "
    "docstrings.": "每个统计量的公式与出处，取自代码文档。",
    "part": "部分",
    "sentences": "句数",
    "Changes": "更新记录",
    "What users will notice, newest first.": "用户会注意到的变化，新的在前。",
}


def word(text: str) -> str:
    """Return a word of the pages in the language that is bound."""
    return _WORDS[text] if bound() is Language.ZH else text


def heading(title: str, lead: str, *, source: str) -> list[str]:
    """Return the head of a generated page, with where its facts come from."""
    return [f"<!-- {source} -->", f"# {word(title)}", "", word(lead), ""]


def cell(text: object) -> str:
    """Return text for a cell of a table."""
    plain = " ".join(str(text).split())
    for mark in "|<>*_[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def code(text: object) -> str:
    """Return text as code within a cell."""
    plain = " ".join(str(text).split()).replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def bold(text: str) -> str:
    """Return text in bold."""
    return f"**{text}**"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table, each cell as it is given."""
    return [
        "| " + " | ".join(word(head) if head else " " for head in heads) + " |",
        "| " + " | ".join("---" for _ in heads) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]
