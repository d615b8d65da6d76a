"""Readings of surnames: they differ from the same character elsewhere, and a surname often has several.

Each line: the surname in its forms, then its readings. The first is the surname's own, by which it is stored. The
others are the character's reading elsewhere, and the spellings of passports. Surnames that are read like their
characters are not listed: 任 is ren either way.
"""

_READINGS = """
    万俟 萬俟: mo qi, wan qi, wan si
    尉迟 尉遲: yu chi, wei chi
    单于 單于: chan yu, shan yu, dan yu
    长孙 長孫: zhang sun, chang sun
    澹台 澹臺: tan tai, dan tai
    乐正 樂正: yue zheng, le zheng
    拓跋: tuo ba, ta ba
    闾丘 閭丘: lv qiu, lyu qiu, lu qiu
    吐谷浑: tu yu hun, tu gu hun
    大宛: da yuan, da wan
    单 單: shan, dan, chan
    阚 闞: kan, han
    尉: wei, yu
    万 萬: wan, mo
    卜: bu, bo
    吕 呂: lv, lyu, lu
    闾 閭: lv, lyu, lu
    解: xie, jie
    仇: qiu, chou
    查 査: zha, cha
    曾: zeng, ceng
    区 區: ou, qu
    盖 蓋: ge, gai
    缪 繆: miao, mou, miu
    朴: piao, pu, po
    种: chong, zhong
    重: chong, zhong
    洗: xian, xi
    员 員: yun, yuan
    召: shao, zhao
    折: she, zhe
    覃: qin, tan
    翟: zhai, di
    乐 樂: yue, le
    繁: po, fan
    那: na, nuo
    牟: mou, mu
    能: nai, neng
    句: gou, ju
    黑: he, hei
    祭: zhai, ji
    盛: sheng, cheng
    行: xing, hang
    莘: shen, xin
    贲 賁: ben, bi
    费 費: fei, bi
    车 車: che, ju
    适 適: kuo, shi
    佴: nai, er
    隗: wei, kui
    郇: xun, huan
    隽 雋: juan, jun
    炔: gui, que
    郗: xi, chi
    沈: shen, chen
    瞿: qu, ju
    薄: bo, bao
    柏: bai, bo
    谷: gu, yu
    於: yu, wu
    乜: nie, mie
    秘: bi, mi
    都: du, dou
    藏: zang, cang
    郄: qie, xi
    么: yao, me
    朝: chao, zhao
    晟: cheng, sheng
    钭 鈄: tou, dou
    宓: mi, fu
    宿: su, xiu
    褚: chu, zhu
    谌 諶: chen, shen
    粘: nian, zhan
    蔚: yu, wei
    颉 頡: jie, xie
    呙 咼: guo, wo
    圈: juan, quan
    长 長: zhang, chang
    拓: tuo, ta
"""


def _table() -> dict[str, tuple[tuple[str, ...], ...]]:
    table = {}
    for line in _READINGS.strip().splitlines():
        forms, readings = line.split(":")
        syllables = tuple(tuple(reading.split()) for reading in readings.split(","))
        table.update(dict.fromkeys(forms.split(), syllables))
    return table


SURNAMES = _table()
"""The readings of each surname, syllable by syllable, its own reading first."""
