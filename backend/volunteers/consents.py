"""The words that people agree to, by purpose; a change of meaning is a new version, and all people agree anew."""

from dataclasses import dataclass

from backend.volunteers.models import Purpose


@dataclass(frozen=True, slots=True)
class Wording:
    """What is asked, in the words of the version that holds now."""

    version: int
    texts: dict[str, str]

    def text(self, language: str) -> str:
        """Return the words in a language, in English when there are none."""
        return self.texts.get(language, self.texts["en"])


WORDINGS: dict[Purpose, Wording] = {
    Purpose.LOCATION: Wording(
        1,
        {
            "en": "While I am on duty, or on a task that I accepted, my phone reports where I am to those who "
            "direct me. Tracks are deleted after 30 days. I can see who looked, and I can withdraw this at any time: "
            "tracking then stops at once.",
            "zh-hans": "在我值勤期间或执行我已接受的任务期间，手机会向指挥我的人员报告我的位置。轨迹保存30天后删除。"
            "我可以查看谁看过我的位置，并可随时撤回同意，撤回后立即停止定位。",
        },
    ),
    Purpose.PHOTO: Wording(
        1,
        {
            "en": "My photo stands on my badge, and those who direct me see it.",
            "zh-hans": "我的照片用于队员证，指挥我的人员可以看到。",
        },
    ),
    Purpose.CONTACT: Wording(
        1,
        {
            "en": "Muster may write to my phone about things that are no task: training, meetings, thanks.",
            "zh-hans": "系统可以就任务以外的事项（培训、会议、表彰）向我的手机发送消息。",
        },
    ),
}


def current_version(purpose: Purpose) -> int:
    """Return the version of the words that hold now."""
    return WORDINGS[purpose].version
