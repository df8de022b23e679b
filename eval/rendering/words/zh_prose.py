"""The Chinese sentences of reports on agreement: answers, notes, methods paragraph, limits. Data."""

from __future__ import annotations

ZH_PROSE: dict[str, str] = {
    # warnings
    "warn_sample": "对照的是示例金标准",
    "warn_sample_text": "示例金标准随程序附带，仅供试用。这些数字不能作为研究依据：请对自己的材料编码后重新比较。",
    "warn_tuned": "曾据测试集调整（tuned on test）",
    "warn_tuned_text": "测试集打开之后，提示词或编码本又有改动。这些数字很可能偏高，需用新的测试材料重测。",
    "warn_changed": "两次打开之间测试集编码有变动",
    "warn_changed_text": "两次打开之间，测试集的编码有变动，各次数字所依据的人工编码并不相同。引用时请说明。",
    "warn_baseline": "本报告中没有语言模型",
    "warn_baseline_text": "仅有免密钥基线（非语言模型）的运行，只反映按词查找所能达到的水平。",
    # the answer
    "answer_run": "{run}：{parts}。",
    "answer_more": "另有 {n} 次运行见下文。",
    "answer_missing": "（{units} 个单元中有 {n} 个未作答：计为缺失，不计为“无代码”）",
    "answer_open": (
        "{run}：找到人工开放代码的 {recall}，其自有代码中 {novelty} 无人给出（tau {tau}，{calibrated}）。"
        "请阅读这些代码，不要据此判定对错。"
    ),
    "answer_no_verdict": "{run}：没有可比较的内容，暂无结论。",
    "answer_ready": "可用，需抽查：{codes}",
    "answer_assist": "仅作建议，由人逐条裁定：{codes}",
    "answer_not_supported": "不宜使用：{codes}",
    "answer_insufficient": "数据不足，尚难判断：{codes}",
    "answer_evidence": "依据：{documents} 份文档中的 {units} 个{unit}，编码者 {coders} 位（{gold}）。",
    "answer_no_evidence": "依据：暂无，尚无人工编码的单元。",
    "answer_alpha": "全部代码合并，{run}：Krippendorff α（Jaccard 距离）为 {value}",
    "answer_alpha_people": "；{among}为 {value}",
    "answer_next": "下一步：{what}。",
    "next_second_coder": "请第二位编码者对同一批单元编码，使数字有可比的参照",
    "next_more_data": "补充编码含有未下结论代码的文档",
    "next_rate": "请人对只有该运行给出的代码做盲评（codart eval novel）",
    "next_read": "逐个代码阅读下文的分歧",
    "stance_reliability": "一致性在此作为编码质量的证据；阈值在比较之前已定。",
    "stance_codebook": "一致性在此用于检查编码本与提示词，并不衡量真伪。",
    "stance_reflexive": "反思性研究不要求编码者之间一致。此处的比较仅作讨论要点，不给系数，也不下结论。",
    # notes
    "blind_note": "编码时看到建议的人容易跟从建议，一致性会因此偏高。",
    "card_note": "免密钥基线只在编码本中查词，不是语言模型。",
    "quotes_none": "没有记录引文，无从核对。",
    "quotes_note": "引文未能核实的建议不计入一致性。",
    "codes_read": (
        "代码按正向一致率排序。阴影带与空心菱形为{among}的数值；虚线短竖为无误差的编码者对照其中一位所能达到的水平。"
    ),
    "forest_desc": "各运行在各代码上的正向一致率及区间，旁为{among}的数值及其平方根。",
    "codes_note": (
        "比较对象：{judge}与{against}。“双方均给”即 TP，“多给”（仅{judge}给出）即 FP，“漏给”（仅{people}给出"
        "）即 FN，“双方均未给”即 TN。各值之下依次为区间与{among}的数值。"
    ),
    "against_mean": "每位编码者（{gold}）分别比较后取平均（计数为合计）",
    "meeting_desc": "按{people}的代码与{judge}的代码交叉计数的单元数；末行、末列为无代码。",
    "scatter_desc": "每个圆圈为一个代码，圆圈越大，给出次数越多。",
    "scatter_none": "没有代码可与其出现频率对照。",
    "summary_line": "{run}，代码集合之间以{distance}计算的 Krippendorff α：{value}；{among}：{people_value}。",
    "overall_note": "两个空集视为相同。每个 α 只属于其距离，不同距离的数值不可互比。",
    "spans_note": "各值之下依次为区间与{among}的数值。全部代码的 u-α 在代码集合上以 Jaccard 距离计算。",
    "uncertainty_text": (
        "95% 置信区间按文档而非按单元计算，因为同一文档内的单元彼此相似：{methods}；共 {documents} 份文档。"
    ),
    "uncertainty_none": "没有区间：{documents} 份文档太少，或各文档之间没有变化。",
    "missing_units": "有 {n} 个单元没有{judge}的答复，未计入比较。",
    "worst_case": "若在每个代码上都记为错误，Krippendorff α（Jaccard 距离）为 {value}。",
    "gap_note": (
        "大于 0 表示它与{people}的接近程度超过{among}。这有可能，并非错误，但不说明{judge}正确。上限为{among}数值的"
        "平方根。"
    ),
    "power_note": "尚需文档数：再编码多少份同类文档，区间半宽可降至约 .10。",
    "replacement_none": "未对{judge}做检验：检验至少需要两位编码者（{gold}）。",
    "replacement_text": "替代标注者检验，ε = {epsilon}（{why}）。",
    "replacement_note": (
        "胜率：在容许 ε 的前提下，它与其余编码者的接近程度不低于多少比例的{people}。若简单编码者也能通过，检验即不"
        "提供信息。"
    ),
    "note_people": "编码者 {n} 位；检验要求 {least} 位以上。",
    "note_items": "条目 {n} 个；检验要求 {least} 个以上。",
    "trivial_note": "这些编码者一字未读。运行的数值须高于它们才有意义。",
    "stability_none": "没有重复运行，稳定性未知。",
    "stability_desc": "运行与其重复之间的一致程度，含全部代码与各代码。",
    "stability_note": "稳定不等于有效：一次运行可以每次都犯同样的错误。全部代码一行为 α（Jaccard 距离）。",
    "compare_note": "区间为差值本身的区间。Holm：按代码个数校正的 p 值。",
    "differential_note": "漏编：占{people}所给代码的比例；多编：占运行所给代码的比例。",
    "documents_text": "一致性最低的文档排在最前。",
    "caterpillar_desc": "各文档的平均 Jaccard 指数：运行与{people}，旁为{among}的数值。",
    "prevalence_text": "若要陈述代码出现的频率，请使用校正后的两列：它们将{gold}与运行对全部材料的编码结合起来。",
    "prevalence_note": "仅凭运行得到的比例有偏，列出仅供对照；其区间过窄，不可采信。",
    "calibration_none": "没有可检验的置信度。",
    "calibration_text": (
        "置信度来自{source}，共 {items} 条建议：Brier 分数 {brier}，期望校准误差 {ece}，风险—覆盖曲线下面积 {aurc}"
    ),
    "accept_none": "没有任何一部分建议能在错误率不超过 5% 的前提下直接采纳。",
    "accept_text": (
        "置信度不低于 {least} 的建议（占全部的 {share}，共 {accepted} 条，其中 {errors} 条有误）可直接采纳；以 95% "
        "的把握，其错误率不超过 {bound}。"
    ),
    "reliability_desc": "位于对角线之上的点：正确的比例高于置信度所示。",
    "risk_desc": "按置信度由高到低逐步采纳时的错误比例，横线为 5%。",
    "method_jackknife": "逐份剔除文档的刀切法（t 分布，自由度 {n}）",
    "method_bootstrap": "按文档聚类的自助法（重抽 {n} 次，取百分位数）",
    # open codes
    "inductive_text": (
        "{documents} 份文档，{units} 个单元。代码以 {embedder} 比较（{compares}）；相似度达到 {tau} 视为相近"
        "（{source}；所用判断 {used} 条，要求 {needed} 条：{calibrated}）。相似不等于正确。"
    ),
    "tau_calibrated": "已校准",
    "tau_not_calibrated": "未校准",
    "open_means_note": (
        "召回率、精确率：一一匹配中参照代码、自身代码所占比例。覆盖率：至少有一个相近代码的参照代码。新颖率：不与任"
        "何参照代码相近的自身代码，新颖代码并非错误。冗余率：可以省去的自身代码。"
    ),
    "standing_note": "{largest} 的代码落在最大的一组；比例过高说明阈值过低。",
    "curve_note": (
        "超出随机的相似度：{adjusted}（置换检验 p 值：{p}）。标签相同的单元比例：{identical}。仅计词句相同的代码："
        "{anchored}。"
    ),
    "inductive_reflexive": "双方用语相近的代码，以及只有一方才有的代码。",
    "saturation_at": "{coder}：自第 {at} 份文档起新代码不超过 5%（基数 {base} 份，每轮 {run} 份）。",
    "saturation_never": "{coder}：在本材料中未达饱和（基数 {base} 份，每轮 {run} 份）。",
    "saturation_undefined": "{coder}：{reason}。",
    "saturation_desc": "各编码者逐篇累计的代码数；带状区为文档随机排序时居中的 95%。",
    "saturation_note": "饱和只就本编码本与本文档顺序而言；带状区显示其他顺序。",
    # what to mend
    "todo_definition": "修改“{code}”的定义：{among}的一致性同样偏低",
    "todo_prompt": "修改“{code}”的提示词：只有模型不一致",
    "todo_confusion": "更清楚地区分“{code}”与“{other}”",
    "todo_note": "数值为 Cohen κ 系数。",
    "browser_note": "看过模型结果之后再修改的金标准不再是盲编。请保留两个版本，并同时报告两组数字。",
    "browser_note_reflexive": "两种解读不同之处，其中没有哪一处是错误。",
    # methods paragraph
    "m_material": "本研究比较了 {documents} 份文档中的 {units} 个{unit}（全部材料 {material} 个{split}）。",
    "m_split.all": "",
    "m_split.dev": "，开发集",
    "m_split.test": "，测试集",
    "m_nobody": "目前尚无人工编码。",
    "m_people": "编码者共 {n} 位（{names}）。",
    "m_double": "其中 {n} 个单元由两位或以上编码者编码。",
    "m_blind": "{names}编码时未见模型建议。",
    "m_seeing": "{names}编码时可见模型建议。",
    "m_blind_unknown": "{names}编码时是否可见模型建议，未有记录。",
    "m_sample_gold": "上述编码为随程序附带的示例金标准。",
    "m_sample": "单元系从 {frame} 个中随机抽取 {n} 个（种子 {seed}），其中 {coded} 个已编码。",
    "m_run": "编码建议（{run}）由 {model} 给出（{facts}）。",
    "m_baseline": "另以免密钥基线（非语言模型）按编码本查词作为对照（{run}）。",
    "m_quotes": "所提出的 {proposed} 条引文中有 {kept} 条逐字见于原文，其余弃用。",
    "m_open": (
        "开放代码按标签与引文的相似度（嵌入 {embedder}，{compares}）一对一匹配，阈值 tau = {tau}"
        "（{calibrated}）；未对标签计算一致性"
        "系数。每位编码者均与每个人比较。"
    ),
    "m_open_run": "{coder}：召回率 {recall}，精确率 {precision}，新颖率 {novelty}。",
    "m_metrics": (
        "对每个代码计算 Cohen κ、Krippendorff α、正向与负向一致率，分别与每位编码者比较后取平均，并与{among}的数"
        "值对照。"
    ),
    "m_metrics_one": (
        "对每个代码计算与一位编码者之间的 Cohen κ、Krippendorff α、正向与负向一致率；没有第二位编码者可供对照。"
    ),
    "m_intervals": "95% 置信区间按 {documents} 份文档计算（{methods}）。",
    "m_no_intervals": "文档太少，不计算置信区间。",
    "m_alpha": "全部代码合并，{run}的 Krippendorff α（Jaccard 距离）为 {value}",
    "m_alpha_people": "，{among}为 {value}",
    "m_stop": "。",
    "m_replacement": "替代标注者检验取 ε = {epsilon}（{why}）。",
    "m_lock": "测试集锁定于 {created}，共打开 {openings} 次。",
    "m_tuned": "测试集打开之后提示词或编码本又有改动（tuned on test）。",
    "m_nothing": "目前尚未进行比较。",
    "m_reflexive": "两种解读之间的差异仅作讨论要点；依反思性立场，未计算一致性系数。",
    "check_validation_text": "{documents} 份文档中的 {units} 个{unit}与{gold}比较，各代码数值见上",
    # limits
    "limit_validity": "一致不等于有效：编码者可能犯同样的错误。",
    "limit_parity": "在人与人之间并不一致之处，与人相当并不意味着好。",
    "limit_memory": "网上可见的文本可能已在模型的训练材料之中。",
    "limit_material": "本报告只就这批材料与这份编码本而言，换一批材料，结果可能不同。",
    "limit_overlap": "区间重叠不说明两个数值相等。",
    "limit_ceiling": "模型高于{among}的数值是可能的，并非错误，但不说明模型正确。",
    "limit_one_person": "只有一位编码者，没有上限可比：第二位编码者会有多一致，不得而知。",
    # reflexive
    "points_data": "{people}与下列运行共同阅读了 {documents} 份文档中的 {units} 个{unit}。",
    "points_run": "{run}：有 {n} 处解读不同，最多的是{codes}。",
    "points_same": "{run}：没有解读不同之处。",
    "points_next": "从下文这些地方开始：每种解读各看到了另一种没有看到的什么？",
}
