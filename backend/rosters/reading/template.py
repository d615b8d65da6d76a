"""The empty roster to be filled in, in Chinese and in English."""

from collections.abc import Iterator
from typing import Literal

from backend.rosters.reading.files import RosterFormat
from backend.rosters.reading.tables import csv_parts, xlsx_parts

Language = Literal["en", "zh"]

_LINES: dict[Language, list[list[str]]] = {
    "zh": [
        ["姓名(必填)", "手机", "身份证号", "出生日期", "单位编号", "技能", "职务"],
        ["示例 张三", "100 0000 0001", "", "1980-01-31", "", "平安巡逻、急救", "队员"],
    ],
    "en": [
        ["Name (required)", "Phone", "Identity card", "Born on", "Unit number", "Skills", "Role"],
        ["Example Zhang San", "100 0000 0001", "", "1980-01-31", "", "patrol, first-aid", "member"],
    ],
}
_NOTES: dict[Language, list[str]] = {
    "zh": [
        "示例行不会导入，留着也无妨；各列顺序不限，不认识的列会被忽略并列出。",
        "手机和身份证号至少填一项；两列请设为文本格式，否则表格软件会改动号码。",
        "出生日期写作 1980-01-31；填了身份证号可以不填。",
        "单位编号如 07-26-04-012-5，也可写名称，重名时写上级：黄宅镇/桂花明堂村。不填即为导入所在单位。",
        "可以每个村一张工作表：工作表以村名命名时，未填单位的人员归入该村。",
        "技能用顿号或逗号分开。职务不随导入任命，请导入后另行任命。",
    ],
    "en": [
        "The example is passed over and may stay. The order of columns is free; unknown ones are ignored and listed.",
        "Fill in the phone or the identity card, or both. Make these columns text, or spreadsheets change numbers.",
        "Born on is written 1980-01-31; not needed beside an identity card.",
        "A unit number looks like 07-26-04-012-5. A name will do too, with those above it: Huangzhai/Guihua.",
        "Without a unit people come into the unit of the import.",
        "There may be a sheet for each village: named after it, its people who name no unit come into it.",
        "Skills are parted by commas. Posts are not given by an import: appoint people afterwards.",
    ],
}


def template_parts(format: str, language: Language) -> Iterator[bytes]:
    """Yield the template; in CSV, which has one sheet, the notes are left out."""
    lines = _LINES[language]
    if format == RosterFormat.XLSX:
        title = "名册" if language == "zh" else "Roster"
        return xlsx_parts([lines], title=title, notes=[[note] for note in _NOTES[language]])
    return csv_parts([lines], quoted=False)
