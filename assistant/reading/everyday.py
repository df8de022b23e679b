"""Text in, its share of everyday Chinese and Latin characters out: tells a right decoding from mojibake. Pure.

A wrong decoding of Chinese bytes lands anywhere among 20,000 ideographs, a right one mostly among a few hundred.
"""

from __future__ import annotations

_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点"
    "正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿"
    "原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德"
    "资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交"
    "规万取拉格望觉术领共确传师观清今切院让识候带导争运让往吃吗呢吧啊哦嗯啦哪谁怎跟每写字半火离近片房花钱车快慢早晚夜远深轻热冷买卖送"
    "找办法改造转服务客户企业顾值价创研究案例访谈品牌购评论商营销策略网络智链互享评估风险透明获验享伙伴团群员用设备质检反馈参与投诉需"
    "求供应者模型数据软硬系统环境组织合作协同竞争优势满足便捷推荐喜欢觉感受帮助支持沟流连续收费免费元千百六七八九零店菜味环服态差错满"
    "差别整底细节步准备考试验项计划标题章段句词语言版步骤算查查看站点选择调整试听讲读谢请您喊叫友父母亲孩爸妈哥弟姐妹医病药院康养护"
)
_TRADITIONAL = (
    "們這個來國說時會對為發後過經還學現當沒動無與長機業關點將兩間問應戰頭體見產實話內給門處義幾認條氣題爾變總電數報結計資統區隊決馬"
    "書聽則達強難權記設類據張該規萬覺術領確傳師觀讓識帶導爭運連裏裡開從樣進種麼東聲員論別兒樂親愛緊習陣趕團離臉剛夠響農畫劃驗興眾衝"
    "極讀歲線堅勞錢圍勝熱漸鄉際舊幫顧歡務戶價創購買賣評營銷網絡鏈質險環節標準訪談調協辦廠車邊遠選擇獲錄歷轉於著嗎誰寫輕優勢滿薦續費"
    "項題章詞語謝請媽醫藥養護備饋參訴軟硬織競組檢測試單際視圖爾雙雖響頁願熱燈歷屬層歲島師幣廣庫擔據擴擇擊擁損換權並來倉個們備傳債傷"
)
_MARKS = "，。、；：？！“”‘’（）《》〈〉【】「」『』—…·～％￥　" + "".join(map(chr, range(0xFF10, 0xFF5B)))
_LATIN = "".join(map(chr, range(0x20, 0x7F))) + "\t\n\r" + "".join(map(chr, range(0xC0, 0x100)))
_EVERYDAY = frozenset(_SIMPLIFIED + _TRADITIONAL + _MARKS + _LATIN)


def everyday(text: str) -> float:
    """The share (0..1) of characters of `text` that stand in ordinary Chinese or English writing; 0 for no text."""
    return sum(character in _EVERYDAY for character in text) / len(text) if text else 0.0
