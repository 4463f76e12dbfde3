"""A small master of listings, for tests and for the extraction bench.

Names and codes of real A and H shares as the exchanges print them in May 2026, with what makes
them hard to find: `XD`, `DR`, `N`, `C` and `*ST` in front (and the end cut off to make room), `-U`
and `-W` behind, wide letters, names that are ordinary words or stand inside one another, companies
that were renamed, and companies that are listed twice. Those of the industry 虚构 do not exist;
they stand for the companies of which a text says something unkind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tests.support.further_listings import FURTHER

__all__ = ["DUAL_LISTED", "FIRST_KNOWN", "MASTER", "Known", "known", "padded"]

FIRST_KNOWN = date(2025, 1, 1)
"""From when on a name counts as known, if it was not taken later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One listing with every name it had.

    Parameters
    ----------
    listing
        Listing id.
    name
        Short name as the exchange prints it.
    name_en
        English short name; Hong Kong only, else empty.
    valid_from
        First day known to bear `name`.
    industry
        Group of similar companies.
    former
        Names before this one, oldest first; all of them from `FIRST_KNOWN` on.
    """

    listing: str
    name: str
    name_en: str
    valid_from: date
    industry: str
    former: tuple[str, ...]

    def dated(self) -> tuple[tuple[date, str], ...]:
        """Return every name with its first day, oldest first.

        Of several former names the day of change is not known: they follow at one-day steps.
        """
        old = tuple(
            (FIRST_KNOWN.replace(day=1 + number), name) for number, name in enumerate(self.former)
        )
        return (*old, (self.valid_from, self.name))


_GROUPS = {
    "算力与云": """
    300857.SZ 协创数据, 301396.SZ 宏景科技, 603629.SH 利通电子, 002929.SZ 润建股份,
    000967.SZ 盈峰环境, 600589.SH 大位科技, 600673.SH 东阳光, 300166.SZ 东方国信,
    300442.SZ 润泽科技, 603881.SH 数据港, 300738.SZ 奥飞数据, 688158.SH 优刻得-W,
    688316.SH 青云科技-U, 300017.SZ 网宿科技, 300846.SZ 首都在线, 300454.SZ 深信服,
    300895.SZ 铜牛信息, 300383.SZ 光环新网, 002335.SZ 科华数据, 000034.SZ 神州数码,
    300911.SZ 亿田智能, 600602.SH 云赛智联, 001896.SZ 豫能控股, 300870.SZ 欧陆通,
    000880.SZ 潍柴重机, 688215.SH 瑞晟智能, 603019.SH 中科曙光, 000977.SZ 浪潮信息,
    000938.SZ 紫光股份, 601138.SH 工业富联, 002261.SZ 拓维信息, 301236.SZ 软通动力,
    000066.SZ 中国长城, 600536.SH 中国软件, 002368.SZ 太极股份, 300212.SZ *ST易录
    """,
    "半导体": """
    688256.SH 寒武纪, 688041.SH 海光信息, 688981.SH 中芯国际, 688347.SH 华虹公司,
    603501.SH 豪威集团, 603986.SH 兆易创新, 688008.SH 澜起科技, 002371.SZ 北方华创,
    688012.SH 中微公司, 688072.SH 拓荆科技, 688082.SH 盛美上海, 688120.SH 华海清科,
    688037.SH 芯源微, 600584.SH 长电科技, 002156.SZ 通富微电, 002185.SZ 华天科技, 600460.SH 士兰微,
    603290.SH 斯达半导, 600745.SH *ST闻泰, 300782.SZ 卓胜微, 300661.SZ 圣邦股份,
    688047.SH 龙芯中科, 300474.SZ 景嘉微, 002049.SZ 紫光国微, 688343.SH 云天励飞-U,
    688795.SH 摩尔线程-U, 688802.SH 沐曦股份-U, 001339.SZ 智微智能, 301308.SZ 江波龙,
    688525.SH 佰维存储, 001309.SZ 德明利, 300475.SZ 香农芯创, 600703.SH 三安光电, 605358.SH 立昂微,
    300603.SZ 立昂技术, 688126.SH 沪硅产业, 688629.SH 华丰科技, 688019.SH 安集科技,
    300346.SZ 南大光电, 300666.SZ 江丰电子, 002409.SZ 雅克科技, 300054.SZ 鼎龙股份,
    688249.SH 晶合集成, 688521.SH 芯原股份, 688596.SH XD正帆科, 600641.SH 先导基电
    """,
    "通信": """
    300308.SZ 中际旭创, 300502.SZ 新易盛, 300394.SZ 天孚通信, 002281.SZ 光迅科技,
    300548.SZ 长芯博创, 300570.SZ 太辰光, 688313.SH 仕佳光子, 688498.SH 源杰科技,
    688048.SH 长光华芯, 002902.SZ 铭普光磁, 603083.SH 剑桥科技, 000988.SZ 华工科技,
    300620.SZ 光库科技, 301205.SZ 联特科技, 688205.SH 德科立, 601869.SH 长飞光纤,
    600487.SH 亨通光电, 600522.SH 中天科技, 600498.SH 烽火通信, 000063.SZ 中兴通讯,
    301165.SZ 锐捷网络, 603118.SH 共进股份, 002881.SZ 美格智能, 603236.SH 移远通信,
    300638.SZ 广和通, 300959.SZ 线上线下, 688668.SH 鼎通科技, 688143.SH 长盈通, 688159.SH 有方科技,
    301139.SZ *ST元道, 600941.SH 中国移动, 600050.SH 中国联通, 601728.SH 中国电信,
    600105.SH 永鼎股份, 600776.SH 东方通信, 600345.SH 长江通信, 688635.SH N长进
    """,
    "电子": """
    300476.SZ 胜宏科技, 002463.SZ 沪电股份, 002916.SZ 深南电路, 600183.SH 生益科技,
    688183.SH 生益电子, 002938.SZ 鹏鼎控股, 002384.SZ 东山精密, 603228.SH 景旺电子,
    301217.SZ 铜冠铜箔, 301511.SZ 德福科技, 688388.SH 嘉元科技, 600110.SH 诺德股份,
    002475.SZ 立讯精密, 002241.SZ 歌尔股份, 300433.SZ 蓝思科技, 002600.SZ 领益智造,
    002273.SZ 水晶光电, 000725.SZ 京东方Ａ, 000050.SZ 深天马Ａ, 002519.SZ 银河电子,
    601567.SH 三星电气, 603435.SH C嘉德, 002975.SZ 博杰股份
    """,
    "液冷": """
    002837.SZ 英维克, 300499.SZ 高澜股份, 301018.SZ 申菱环境, 300990.SZ 同飞股份,
    920808.BJ 曙光数创, 300602.SZ 飞荣达, 301489.SZ 思泉新材
    """,
    "有色": """
    601899.SH 紫金矿业, 603993.SH XD洛阳钼, 600362.SH 江西铜业, 000630.SZ 铜陵有色,
    000878.SZ 云南铜业, 601168.SH 西部矿业, 603979.SH 金诚信, 000737.SZ 北方铜业,
    000923.SZ 河钢资源, 601600.SH 中国铝业, 000807.SZ 云铝股份, 002532.SZ 天山铝业,
    000933.SZ 神火股份, 600547.SH 山东黄金, 600489.SH 中金黄金, 600988.SH 赤峰黄金,
    000506.SZ 招金黄金, 002155.SZ 湖南黄金, 600111.SH 北方稀土, 000831.SZ 中国稀土,
    600392.SH 盛和资源, 600259.SH 中稀有色, 600549.SH 厦门钨业, 002378.SZ 章源钨业,
    000657.SZ 中钨高新, 603799.SH 华友钴业, 002460.SZ 赣锋锂业, 002466.SZ 天齐锂业,
    002428.SZ 云南锗业, 600497.SH 驰宏锌锗, 000960.SZ 锡业股份, 600301.SH 华锡有色,
    000758.SZ 中色股份, 601958.SH 金钼股份, 600206.SH 有研新材, 000426.SZ 兴业银锡,
    601388.SH XD怡球资, 002149.SZ 西部材料, 688122.SH 西部超导, 000688.SZ 国城矿业
    """,
    "家电": """
    000333.SZ 美的集团, 000651.SZ 格力电器, 600690.SH 海尔智家, 000921.SZ 海信家电,
    600060.SH 海信视像, 000100.SZ TCL科技, 002668.SZ TCL智家, 002129.SZ TCL中环,
    600839.SH 四川长虹, 000521.SZ 长虹美菱, 000404.SZ 长虹华意, 002429.SZ 兆驰股份,
    002841.SZ 视源股份, 001308.SZ 康冠科技, 002290.SZ 禾盛新材, 688169.SH 石头科技,
    603486.SH 科沃斯, 002959.SZ 小熊电器, 002242.SZ 九阳股份, 002032.SZ 苏泊尔, 002508.SZ 老板电器,
    000016.SZ *ST康佳A
    """,
    "证券": """
    600030.SH 中信证券, 601066.SH 中信建投, 601995.SH 中金公司, 601688.SH 华泰证券,
    600999.SH 招商证券, 601211.SH 国泰海通, 601456.SH 国联民生, 002670.SZ 国盛证券,
    600109.SH 国金证券, 601555.SH 东吴证券, 600958.SH 东方证券, 300059.SZ 东方财富,
    601881.SH 中国银河, 601878.SH 浙商证券, 000776.SZ 广发证券, 000166.SZ 申万宏源,
    000783.SZ 长江证券, 601162.SH 天风证券, 601108.SH 财通证券, 002673.SZ 西部证券,
    601099.SH 太平洋, 002797.SZ 第一创业, 601236.SH XD红塔证, 601136.SH 首创证券,
    600909.SH 华安证券, 002926.SZ 华西证券, 000728.SZ 国元证券, 002500.SZ 山西证券,
    601059.SH 信达证券, 601788.SH 光大证券, 601377.SH 兴业证券, 002736.SZ 国信证券,
    601901.SH 方正证券, 300033.SZ 同花顺, 300803.SZ 指南针, 601519.SH 大智慧, 600837.SH 海通证券
    """,
    "银行保险": """
    000001.SZ 平安银行, 600036.SH 招商银行, 601398.SH 工商银行, 601288.SH 农业银行,
    601939.SH 建设银行, 601988.SH 中国银行, 601658.SH 邮储银行, 002142.SZ 宁波银行,
    601998.SH 中信银行, 601818.SH 光大银行, 601166.SH 兴业银行, 600016.SH 民生银行,
    601916.SH 浙商银行, 600919.SH 江苏银行, 601838.SH 成都银行, 601318.SH 中国平安,
    601628.SH 中国人寿, 601601.SH 中国太保, 601336.SH 新华保险, 601319.SH 中国人保
    """,
    "食品饮料": """
    600519.SH 贵州茅台, 000858.SZ 五粮液, 000568.SZ 泸州老窖, 600809.SH 山西汾酒,
    002304.SZ 洋河股份, 000596.SZ 古井贡酒, 603369.SH 今世缘, 603198.SH 迎驾贡酒,
    600887.SH 伊利股份, 600600.SH 青岛啤酒, 600132.SH 重庆啤酒, 000729.SZ 燕京啤酒,
    603345.SH 安井食品, 605499.SH 东鹏饮料, 002847.SZ 盐津铺子, 000895.SZ 双汇发展,
    002582.SZ 好想你, 603288.SH 海天味业, 603317.SH 天味食品, 600597.SH 光明乳业
    """,
    "新能源": """
    300750.SZ 宁德时代, 300014.SZ 亿纬锂能, 002074.SZ 国轩高科, 300207.SZ 欣旺达,
    601012.SH 隆基绿能, 600438.SH 通威股份, 300274.SZ 阳光电源, 688599.SH 天合光能,
    002459.SZ 晶澳科技, 688223.SH 晶科能源, 601778.SH 晶科科技, 603806.SH XD福斯特,
    601865.SH 福莱特, 688063.SH XD派能科, 605117.SH 德业股份, 688390.SH 固德威, 300763.SZ 锦浪科技,
    002812.SZ 恩捷股份, 300568.SZ 星源材质, 002709.SZ 天赐材料, 300037.SZ 新宙邦,
    688005.SH 容百科技, 300073.SZ 当升科技, 300450.SZ 先导智能, 300919.SZ 中伟新材,
    000591.SZ 太阳能, 600481.SH 双良节能, 920523.BJ XD德瑞锂, 920185.BJ 贝特瑞, 688408.SH 中信博
    """,
    "汽车与机器人": """
    002594.SZ 比亚迪, 601127.SH 赛力斯, 600418.SH 江淮汽车, 000625.SZ 长安汽车, 600104.SH 上汽集团,
    601238.SH 广汽集团, 601633.SH 长城汽车, 601777.SH 千里科技, 002920.SZ 德赛西威,
    600699.SH 均胜电子, 603596.SH 伯特利, 002050.SZ 三花智控, 601689.SH 拓普集团,
    688017.SH 绿的谐波, 603728.SH 鸣志电器, 002472.SZ 双环传动, 002747.SZ 埃斯顿,
    300124.SZ 汇川技术, 603667.SH 五洲新春, 603009.SH 北特科技, 603119.SH 浙江荣泰,
    301550.SZ 斯菱智驱, 300024.SZ 机器人, 601965.SH 中国汽研, 002196.SZ 方正电机,
    605389.SH DR长龄液, 920002.BJ DR万达轴, 002085.SZ 万丰奥威, 000099.SZ 中信海直,
    001696.SZ 宗申动力
    """,
    "电力设备": """
    600900.SH 长江电力, 601985.SH 中国核电, 003816.SZ 中国广核, 600011.SH 华能国际,
    600795.SH 国电电力, 600886.SH 国投电力, 601991.SH 大唐发电, 600021.SH 上海电力,
    000027.SZ 深圳能源, 000875.SZ 电投绿能, 600863.SH 华能蒙电, 600406.SH 国电南瑞,
    000400.SZ 许继电气, 600312.SH 平高电气, 600089.SH 特变电工, 002028.SZ 思源电气,
    600875.SH 东方电气, 601727.SH 上海电气, 600363.SH 联创光电, 603011.SH 合锻智能,
    002630.SZ *ST华西, 603606.SH 东方电缆
    """,
    "医药": """
    600276.SH 恒瑞医药, 688235.SH 百济神州, 688506.SH 百利天恒, 002422.SZ 科伦药业,
    002294.SZ 信立泰, 000963.SZ 华东医药, 688266.SH 泽璟制药-U, 688331.SH 荣昌生物,
    688180.SH 君实生物-U, 688062.SH 迈威生物-U, 300759.SZ 康龙化成, 603259.SH 药明康德,
    002821.SZ 凯莱英, 300347.SZ 泰格医药, 603127.SH 昭衍新药, 300760.SZ 迈瑞医疗,
    688271.SH 联影医疗, 300832.SZ 新产业, 603658.SH 安图生物, 600196.SH 复星医药,
    000538.SZ 云南白药, 600436.SH 片仔癀, 600085.SH 同仁堂, 300015.SZ 爱尔眼科, 000516.SZ 国际医学,
    600056.SH 中国医药, 600420.SH 国药现代, 600380.SH 健康元, 603883.SH 老百姓, 603233.SH 大参林,
    603939.SH 益丰药房, 002727.SZ 一心堂, 920982.BJ 锦波生物, 301363.SZ 美好医疗,
    600201.SH 生物股份
    """,
    "军工": """
    600760.SH 中航沈飞, 600893.SH 航发动力, 600150.SH 中国船舶, 601989.SH 中国重工,
    600879.SH 航天电子, 688066.SH *ST航图, 600118.SH 中国卫星, 601698.SH 中国卫通,
    688333.SH 铂力特, 301005.SZ 超捷股份
    """,
    "计算机传媒": """
    002230.SZ 科大讯飞, 688111.SH 金山办公, 600570.SH 恒生电子, 600588.SH 用友网络,
    300418.SZ 昆仑万维, 601360.SH 三六零, 002555.SZ 三七互娱, 002624.SZ 完美世界, 603444.SH 吉比特,
    002517.SZ 恺英网络, 002558.SZ 巨人网络, 002602.SZ 世纪华通, 002739.SZ 儒意电影,
    300251.SZ 光线传媒, 300413.SZ 芒果超媒, 002027.SZ 分众传媒, 603000.SH 人民网, 603888.SH 新华网,
    600977.SH 中国电影, 601858.SH 中国科传, 603110.SH 东方材料, 600601.SH 方正科技,
    300688.SZ 创业黑马
    """,
    "建筑地产": """
    000002.SZ 万科Ａ, 600048.SH 保利发展, 001979.SZ 招商蛇口, 000069.SZ 华侨城Ａ,
    601668.SH 中国建筑, 601390.SH 中国中铁, 601186.SH 中国铁建, 600528.SH 中铁工业,
    601800.SH 中国交建, 600585.SH 海螺水泥, 600801.SH 华新建材, 000401.SZ 金隅冀东,
    000786.SZ 北新建材, 002271.SZ 东方雨虹, 603737.SH 三棵树, 000012.SZ 南玻Ａ, 000402.SZ 金融街,
    600657.SH 信达地产, 600708.SH 光明地产, 600895.SH 张江高科, 000900.SZ 现代投资,
    601117.SH 中国化学, 600008.SH 首创环保, 002310.SZ 东方新能
    """,
    "能源化工交运": """
    601088.SH 中国神华, 601225.SH 陕西煤业, 600188.SH 兖矿能源, 601898.SH 中煤能源,
    000983.SZ 山西焦煤, 601919.SH 中远海控, 601872.SH 招商轮船, 600026.SH 中远海能,
    601857.SH 中国石油, 600028.SH 中国石化, 600938.SH 中国海油, 600309.SH 万华化学,
    600346.SH 恒力石化, 002493.SZ 荣盛石化, 002648.SZ 卫星化学, 000301.SZ 东方盛虹,
    001965.SZ 招商公路, 600009.SH 上海机场, 600611.SH 大众交通, 600635.SH 大众公用,
    000708.SZ 中信特钢, 600308.SH 华泰股份, 600582.SH 天地科技, 601766.SH 中国中车,
    000159.SZ 国际实业, 301526.SZ 国际复材, 000906.SZ 浙商中拓, 688648.SH 中邮科技
    """,
    "农业商贸": """
    002714.SZ 牧原股份, 300498.SZ 温氏股份, 000876.SZ 新希望, 000061.SZ 农产品, 002311.SZ 海大集团,
    600598.SH 北大荒, 000998.SZ 隆平高科, 000713.SZ 国投丰乐, 002385.SZ 大北农, 002041.SZ 登海种业,
    601888.SH 中国中免, 601933.SH 永辉超市, 600467.SH 好当家
    """,
    "其他": """
    300580.SZ 贝斯特, 920593.BJ 鼎智科技, 688561.SH 奇安信-U, 000999.SZ 华润三九, 301183.SZ 东田微,
    002222.SZ 福晶科技, 600330.SH 天通股份, 300277.SZ 汽轮科技, 301091.SZ 深城交,
    688631.SH 莱斯信息, 603893.SH 瑞芯微, 300458.SZ 全志科技, 002851.SZ 麦格米特,
    300012.SZ 华测检测, 301215.SZ 中汽股份, 000060.SZ 中金岭南, 000810.SZ 创维数字,
    600777.SH *ST新潮, 600663.SH 陆家嘴, 000608.SZ 阳光股份, 600303.SH 曙光股份, 000838.SZ *ST发展,
    000504.SZ *ST生物, 300152.SZ *ST动力, 600730.SH *ST高科, 600358.SH 国旅联合, 000820.SZ *ST节能,
    600302.SH ST标准, 603959.SH ST百利, 600187.SH *ST国中, 600818.SH ST中路, 300343.SZ ST联创,
    300313.SZ *ST天山, 002200.SZ *ST交投, 600636.SH *ST国化
    """,
    "港股": """
    00501.HK 豪威集团 = OMNIVISION, 03986.HK 兆易创新 = GIGADEVICE,
    06809.HK 澜起科技 = MONTAGE TECH, 06166.HK 剑桥科技 = CIG, 03268.HK 美格智能 = MEIG,
    00638.HK 广和通 = FIBOCOM, 06613.HK 蓝思科技 = LENS, 06693.HK 赤峰黄金 = CHIFENG GOLD,
    00769.HK 中国稀土 = CHINA RAREEARTH, 06099.HK 招商证券 = CMSC, 01456.HK 国联民生 = GLMS SEC,
    03958.HK 东方证券 = DFZQ, 06806.HK 申万宏源 = SWHY, 06178.HK 光大证券 = EB SECURITIES,
    01988.HK 民生银行 = MINSHENG BANK, 02016.HK 浙商银行 = CZBANK, 02648.HK 安井食品 = ANJOY FOOD,
    09980.HK 东鹏饮料 = EASTROC, 03288.HK 海天味业 = HAITIAN FLAV, 00470.HK 先导智能 = WUXI LEAD,
    02579.HK 中伟新材 = CNGR, 09927.HK 赛力斯 = SERES, 00699.HK 均胜电子 = JOYSON ELEC,
    02715.HK 埃斯顿 = ESTUN, 00991.HK 大唐发电 = DATANG POWER, 01072.HK 东方电气 = DONGFANG ELEC,
    02727.HK 上海电气 = SH ELECTRIC, 09995.HK 荣昌生物 = REMEGEN, 01877.HK 君实生物 = JUNSHI BIO,
    03347.HK 泰格医药 = TIGERMED, 01898.HK 中煤能源 = CHINA COAL,
    01138.HK 中远海能 = COSCO SHIP ENGY, 01635.HK 大众公用 = DZUG, 02714.HK 牧原股份 = MUYUAN,
    01880.HK 中国中免 = CTG DUTY-FREE, 02343.HK 太平洋航运 = PACIFIC BASIN,
    03692.HK 翰森制药 = HANSOH PHARMA, 03933.HK 联邦制药 = UNITED LAB,
    01070.HK TCL电子 = TCL ELECTRONICS, 01364.HK 古茗 = GUMING, 09698.HK 万国数据-SW = GDS-SW,
    00700.HK 腾讯控股 = TENCENT, 09988.HK 阿里巴巴-W = BABA-W, 03690.HK 美团-W = MEITUAN-W,
    01810.HK 小米集团-W = XIAOMI-W, 09888.HK 百度集团-SW = BIDU-SW, 09618.HK 京东集团-SW = JD-SW,
    09999.HK 网易-S = NTES-S, 01024.HK 快手-W = KUAISHOU-W, 00981.HK 中芯国际 = SMIC,
    01347.HK 华虹半导体 = HUA HONG SEMI, 03993.HK 洛阳钼业 = CMOC,
    02899.HK 紫金矿业 = ZIJIN MINING, 01208.HK 五矿资源 = MMG, 01258.HK 中国有色矿业 = CHINFMINING,
    00939.HK 建设银行 = CCB, 01398.HK 工商银行 = ICBC, 00388.HK 香港交易所 = HKEX,
    02318.HK 中国平安 = PING AN, 02628.HK 中国人寿 = CHINA LIFE, 00941.HK 中国移动 = CHINA MOBILE,
    00762.HK 中国联通 = CHINA UNICOM, 00728.HK 中国电信 = CHINA TELECOM,
    02015.HK 理想汽车-W = LI AUTO-W, 09868.HK 小鹏集团-W = XPENG-W, 09866.HK 蔚来-SW = NIO-SW,
    01211.HK 比亚迪股份 = BYD COMPANY, 02333.HK 长城汽车 = GWMOTOR, 00175.HK 吉利汽车 = GEELY AUTO,
    03896.HK 金山云 = KINGSOFT CLOUD, 00100.HK MINIMAX-W = MINIMAX-W,
    02513.HK 智谱 = KNOWLEDGE ATLAS, 09903.HK 天数智芯 = ILUVATAR COREX,
    06082.HK 壁仞科技 = BIREN TECH, 00020.HK 商汤-W = SENSETIME-W,
    02382.HK 舜宇光学科技 = SUNNY OPTICAL, 00992.HK 联想集团 = LENOVO GROUP,
    03888.HK 金山软件 = KINGSOFT, 00268.HK 金蝶国际 = KINGDEE INT'L,
    02020.HK 安踏体育 = ANTA SPORTS, 09626.HK 哔哩哔哩-W = BILIBILI-W,
    09961.HK 携程集团-S = TRIP.COM-S, 06618.HK 京东健康 = JD BREAKER_FILE,
    01177.HK 中国生物制药 = SINO BIOPHARM, 02269.HK 药明生物 = WUXI BIO,
    02359.HK 药明康德 = WUXI APPTEC, 06160.HK 百济神州 = BEONE MEDICINES,
    09926.HK 康方生物 = AKESO, 01801.HK 信达生物 = INNOVENT BIO, 01093.HK 石药集团 = CSPC PHARMA,
    06990.HK 科伦博泰生物 = SKB BIO-B, 02196.HK 复星医药 = FOSUN PHARMA,
    00005.HK 汇丰控股 = HSBC HOLDINGS, 00011.HK 恒生银行 = HANG SENG BANK,
    00027.HK 银河娱乐 = GALAXY ENT, 01928.HK 金沙中国有限公司 = SANDS CHINA LTD,
    01299.HK 友邦保险 = AIA, 00001.HK 长和 = CKH HOLDINGS, 00016.HK 新鸿基地产 = SHK PPT,
    00883.HK 中国海洋石油 = CNOOC, 00857.HK 中国石油股份 = PETROCHINA,
    00386.HK 中国石油化工股份 = SINOPEC CORP, 01088.HK 中国神华 = CHINA SHENHUA,
    01171.HK 兖矿能源 = YANKUANG ENERGY, 01919.HK 中远海控 = COSCO SHIP HOLD,
    02600.HK 中国铝业 = CHALCO, 00358.HK 江西铜业股份 = JIANGXI COPPER, 03323.HK 中国建材 = CNBM,
    00914.HK 海螺水泥 = CONCH CEMENT, 06690.HK 海尔智家 = HAIER SMARTHOME,
    00921.HK 海信家电 = HISENSE HA, 00285.HK 比亚迪电子 = BYD ELECTRONIC,
    02018.HK 瑞声科技 = AAC TECH, 03750.HK 宁德时代 = CATL, 00300.HK 美的集团 = MIDEA GROUP,
    06030.HK 中信证券 = CITIC SEC, 06881.HK 中国银河 = CGS, 03908.HK 中金公司 = CICC,
    06886.HK HTSC = HTSC, 01776.HK 广发证券 = GF SEC, 02611.HK 国泰海通 = GTHT,
    06066.HK 中信建投证券 = CSC, 01658.HK 邮储银行 = PSBC, 03968.HK 招商银行 = CM BANK,
    00763.HK 中兴通讯 = ZTE, 02050.HK 三花智控 = SANHUA, 06603.HK IFBH = IFBH,
    09992.HK 泡泡玛特 = POP MART, 06181.HK 老铺黄金 = LAOPU GOLD, 01318.HK 毛戈平 = MAO GEPING,
    06862.HK 海底捞 = HAIDILAO, 02097.HK 蜜雪集团 = MIXUE GROUP, 09880.HK 优必选 = UBTECH ROBOTICS,
    02432.HK 越疆 = DOBOT, 02228.HK 晶泰控股 = XTALPI, 00753.HK 中国国航 = AIR CHINA,
    00902.HK 华能国际电力股份 = HUANENG POWER, 01816.HK 中广核电力 = CGN POWER,
    01133.HK 哈尔滨电气 = HARBIN ELECTRIC, 02238.HK 广汽集团 = GAC GROUP,
    00998.HK 中信银行 = CITIC BANK, 06818.HK 中国光大银行 = CEB BANK, 06127.HK 昭衍新药 = JOINN,
    03988.HK 中国银行 = BANK OF CHINA, 01288.HK 农业银行 = ABC, 02601.HK 中国太保 = CPIC,
    01336.HK 新华保险 = NCI, 01787.HK 山东黄金 = SD GOLD, 01818.HK 招金矿业 = ZHAOJIN MINING,
    01766.HK 中国中车 = CRRC, 00390.HK 中国中铁 = CHINA RAILWAY,
    01186.HK 中国铁建 = CHINA RAIL CONS, 06655.HK 华新建材 = HX BLDG MAT,
    01772.HK 赣锋锂业 = GANFENGLITHIUM, 09696.HK 天齐锂业 = TIANQI LITHIUM,
    03759.HK 康龙化成 = PHARMARON, 06821.HK 凯莱英 = ASYMCHEM, 01276.HK 恒瑞医药 = HENGRUI PHARMA,
    02202.HK 万科企业 = CHINA VANKE, 00688.HK 中国海外发展 = CHINA OVERSEAS,
    01109.HK 华润置地 = CHINA RES LAND, 00960.HK 龙湖集团 = LONGFOR GROUP,
    06869.HK 长飞光纤光缆 = YOFC, 00836.HK 华润电力 = CHINA RES POWER,
    00489.HK 东风集团股份 = DONGFENG GROUP
    """,
    "虚构": """
    301990.SZ 澄岳科技, 301991.SZ 启沅股份, 301992.SZ *ST暮山, 301993.SZ ST芷澜,
    688990.SH 云砚微-U, 688991.SH 拓泠科技, 920990.BJ 沐川精工, 07990.HK 衡屿智能-W = HENGYU AI-W
    """,
    "各行": FURTHER,
}

_SINCE = {
    "002150.SZ": "2026-03-22",
    "603517.SH": "2026-03-22",
    "688270.SH": "2026-05-25",
    "300391.SZ": "2025-06-18",
    "300277.SZ": "2026-05-26",
    "000608.SZ": "2026-05-26",
    "600303.SH": "2025-07-01",
    "000838.SZ": "2026-05-26",
    "000504.SZ": "2025-07-01",
    "300152.SZ": "2026-05-26",
    "600730.SH": "2026-05-26",
    "600358.SH": "2026-05-26",
    "000820.SZ": "2025-07-01",
    "600302.SH": "2026-05-26",
    "603959.SH": "2026-05-26",
    "600187.SH": "2026-05-26",
    "600818.SH": "2026-05-26",
    "600636.SH": "2025-07-01",
    "688991.SH": "2025-10-01",
    "301991.SZ": "2026-02-01",
    "300212.SZ": "2026-05-26",
    "603501.SH": "2025-06-20",
    "600745.SH": "2026-05-26",
    "688596.SH": "2026-05-25",
    "600641.SH": "2026-04-01",
    "300548.SZ": "2026-04-01",
    "301139.SZ": "2026-05-26",
    "601567.SH": "2026-05-26",
    "603435.SH": "2026-05-25",
    "603993.SH": "2026-05-25",
    "000506.SZ": "2026-04-01",
    "600259.SH": "2026-04-01",
    "601388.SH": "2026-05-25",
    "000016.SZ": "2026-05-26",
    "601211.SH": "2025-04-11",
    "601456.SH": "2025-07-01",
    "002670.SZ": "2026-04-01",
    "601236.SH": "2026-05-25",
    "603806.SH": "2026-05-25",
    "688063.SH": "2026-05-25",
    "300919.SZ": "2026-04-01",
    "920523.BJ": "2026-05-25",
    "601777.SH": "2025-07-01",
    "301550.SZ": "2026-04-01",
    "605389.SH": "2026-05-25",
    "920002.BJ": "2026-05-25",
    "600863.SH": "2026-04-01",
    "000875.SZ": "2026-04-01",
    "002630.SZ": "2025-07-01",
    "688066.SH": "2026-05-26",
    "002602.SZ": "2026-04-01",
    "002739.SZ": "2026-05-26",
    "600801.SH": "2026-04-01",
    "000401.SZ": "2026-04-01",
    "002310.SZ": "2026-04-01",
    "000713.SZ": "2026-04-01",
    "688635.SH": "2026-05-27",
    "688795.SH": "2025-12-05",
    "688802.SH": "2025-12-17",
}

_FORMER = {
    "002150.SZ": "通润装备",
    "603517.SH": "绝味食品",
    "688270.SH": "臻镭科技",
    "300391.SZ": "长药控股",
    "300277.SZ": "海联讯",
    "000608.SZ": "*ST阳光",
    "600303.SH": "ST曙光",
    "000838.SZ": "财信发展",
    "000504.SZ": "南华生物",
    "300152.SZ": "新动力 ST新动力",
    "600730.SH": "中国高科",
    "600358.SH": "ST联合",
    "000820.SZ": "神雾节能",
    "600302.SH": "标准股份",
    "603959.SH": "百利科技",
    "600187.SH": "国中水务",
    "600818.SH": "中路股份",
    "600636.SH": "国新文化",
    "688991.SH": "启沅股份",  # which another company took over later
    "301991.SZ": "云岫股份",
    "300212.SZ": "易华录",
    "603501.SH": "韦尔股份",
    "600745.SH": "闻泰科技",
    "600641.SH": "万业企业",
    "300548.SZ": "博创科技",
    "301139.SZ": "元道通信",
    "601567.SH": "三星医疗",
    "000506.SZ": "*ST中润 中润资源",
    "600259.SH": "广晟有色",
    "601388.SH": "怡球资源",
    "000016.SZ": "深康佳A",
    "601211.SH": "国泰君安",
    "601456.SH": "国联证券",
    "002670.SZ": "国盛金控",
    "601236.SH": "红塔证券",
    "300919.SZ": "中伟股份",
    "920523.BJ": "德瑞锂电",
    "601777.SH": "力帆科技",
    "301550.SZ": "斯菱股份",
    "600863.SH": "内蒙华电",
    "000875.SZ": "吉电股份",
    "002630.SZ": "华西能源",
    "688066.SH": "航天宏图",
    "002602.SZ": "ST华通",
    "002739.SZ": "万达电影",
    "600801.SH": "华新水泥",
    "000401.SZ": "冀东水泥",
    "002310.SZ": "*ST东园 东方园林",
    "000713.SZ": "丰乐种业",
}

_PAIRS = """
    000002.SZ 02202.HK, 000063.SZ 00763.HK, 000166.SZ 06806.HK, 000333.SZ 00300.HK,
    000776.SZ 01776.HK, 000921.SZ 00921.HK, 002050.SZ 02050.HK, 002460.SZ 01772.HK,
    002466.SZ 09696.HK, 002594.SZ 01211.HK, 002714.SZ 02714.HK, 002747.SZ 02715.HK,
    002821.SZ 06821.HK, 002881.SZ 03268.HK, 003816.SZ 01816.HK, 300347.SZ 03347.HK,
    300433.SZ 06613.HK, 300450.SZ 00470.HK, 300638.SZ 00638.HK, 300750.SZ 03750.HK,
    300759.SZ 03759.HK, 300919.SZ 02579.HK, 600011.SH 00902.HK, 600016.SH 01988.HK,
    600026.SH 01138.HK, 600028.SH 00386.HK, 600030.SH 06030.HK, 600036.SH 03968.HK,
    600050.SH 00762.HK, 600188.SH 01171.HK, 600196.SH 02196.HK, 600276.SH 01276.HK,
    600362.SH 00358.HK, 600547.SH 01787.HK, 600585.SH 00914.HK, 600635.SH 01635.HK,
    600690.SH 06690.HK, 600699.SH 00699.HK, 600801.SH 06655.HK, 600875.SH 01072.HK,
    600938.SH 00883.HK, 600941.SH 00941.HK, 600958.SH 03958.HK, 600988.SH 06693.HK,
    600999.SH 06099.HK, 601066.SH 06066.HK, 601088.SH 01088.HK, 601127.SH 09927.HK,
    601186.SH 01186.HK, 601211.SH 02611.HK, 601238.SH 02238.HK, 601288.SH 01288.HK,
    601318.SH 02318.HK, 601336.SH 01336.HK, 601390.SH 00390.HK, 601398.SH 01398.HK,
    601456.SH 01456.HK, 601600.SH 02600.HK, 601601.SH 02601.HK, 601628.SH 02628.HK,
    601633.SH 02333.HK, 601658.SH 01658.HK, 601688.SH 06886.HK, 601727.SH 02727.HK,
    601728.SH 00728.HK, 601766.SH 01766.HK, 601788.SH 06178.HK, 601818.SH 06818.HK,
    601857.SH 00857.HK, 601869.SH 06869.HK, 601881.SH 06881.HK, 601888.SH 01880.HK,
    601898.SH 01898.HK, 601899.SH 02899.HK, 601916.SH 02016.HK, 601919.SH 01919.HK,
    601939.SH 00939.HK, 601988.SH 03988.HK, 601991.SH 00991.HK, 601995.SH 03908.HK,
    601998.SH 00998.HK, 603083.SH 06166.HK, 603127.SH 06127.HK, 603259.SH 02359.HK,
    603288.SH 03288.HK, 603345.SH 02648.HK, 603501.SH 00501.HK, 603986.SH 03986.HK,
    603993.SH 03993.HK, 605499.SH 09980.HK, 688008.SH 06809.HK, 688180.SH 01877.HK,
    688235.SH 06160.HK, 688331.SH 09995.HK, 688347.SH 01347.HK, 688981.SH 00981.HK
"""


def _rows() -> list[Known]:
    rows = []
    for industry, block in _GROUPS.items():
        for row in block.split(","):
            chinese, _, english = row.strip().partition(" = ")
            listing, name = chinese.split(maxsplit=1)
            rows.append(
                Known(
                    listing=listing,
                    name=name,
                    name_en=english,
                    valid_from=date.fromisoformat(_SINCE.get(listing, FIRST_KNOWN.isoformat())),
                    industry=industry,
                    former=tuple(_FORMER.get(listing, "").split()),
                )
            )
    return rows


MASTER: tuple[Known, ...] = tuple(_rows())
"""Every listing known to tests and bench."""

DUAL_LISTED: dict[str, str] = dict(pair.split() for pair in _PAIRS.split(","))
"""Mainland listing and Hong Kong listing of the same company."""

_BY_LISTING = {row.listing: row for row in MASTER}


def padded(size: int) -> tuple[Known, ...]:
    """Return the master filled up with made-up listings to about the size of the real one.

    Their names are pairs of two-character syllables that no text of the bench contains as words.
    """
    syllables = [a + b for a in "珩玥澔昕翊宸琰璟钰铄" for b in "岑垚坤峤巍岚峥嵘嵩屿"]
    names = [first + second for first in syllables for second in syllables]
    made_up = tuple(
        Known(
            listing=f"{800_000 + number}.BJ",
            name=name,
            name_en="",
            valid_from=FIRST_KNOWN,
            industry="虚构",
            former=(),
        )
        for number, name in enumerate(names[: size - len(MASTER)])
    )
    return (*MASTER, *made_up)


def known(listing: str) -> Known:
    """Return the row of a listing; `KeyError` if the master has none."""
    return _BY_LISTING[listing]
