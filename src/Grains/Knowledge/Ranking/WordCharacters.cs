using System.Globalization;

namespace Sophia.Knowledge;

/// <summary>Which characters make words, and what each is written as: the table of FTS5's <c>unicode61</c>, so that words cut here are those of the index whatever Unicode this runtime knows.</summary>
/// <remarks>Read off FTS5 itself; a test compares every code point. What Unicode 6.1 had not assigned counts as part of words there, and so here.</remarks>
internal static class WordCharacters
{
    /// <summary>Code points from 80 (hexadecimal, as all here) that part words.</summary>
    private const string Separators = """
        80-A9 AB-B1 B4 B6-B8 BB BF D7 F7 2C2-2C5 2D2-2DF 2E5-2EB 2ED 2EF-2FF 305 30D-30E 310 312-31A 31C-322 329-32C 32F 332-36F 375 37E 384-385 387 3F6
        482-489 55A-55F 589-58A 58F 591-5C7 5F3-5F4 600-604 606-61B 61E-61F 64B-65F 66A-66D 670 6D4 6D6-6E4 6E7-6ED 6FD-6FE 700-70D 70F 711 730-74A 7A6-7B0
        7EB-7F3 7F6-7F9 816-819 81B-823 825-827 829-82D 830-83E 859-85B 85E 8E4-8FE 900-903 93A-93C 93E-94F 951-957 962-965 970 981-983 9BC 9BE-9C4 9C7-9C8
        9CB-9CD 9D7 9E2-9E3 9F2-9F3 9FA-9FB A01-A03 A3C A3E-A42 A47-A48 A4B-A4D A51 A70-A71 A75 A81-A83 ABC ABE-AC5 AC7-AC9 ACB-ACD AE2-AE3 AF0-AF1 B01-B03
        B3C B3E-B44 B47-B48 B4B-B4D B56-B57 B62-B63 B70 B82 BBE-BC2 BC6-BC8 BCA-BCD BD7 BF3-BFA C01-C03 C3E-C44 C46-C48 C4A-C4D C55-C56 C62-C63 C7F C82-C83
        CBC CBE-CC4 CC6-CC8 CCA-CCD CD5-CD6 CE2-CE3 D02-D03 D3E-D44 D46-D48 D4A-D4D D57 D62-D63 D79 D82-D83 DCA DCF-DD4 DD6 DD8-DDF DF2-DF4 E31 E34-E3A E3F
        E47-E4F E5A-E5B EB1 EB4-EB9 EBB-EBC EC8-ECD F01-F1F F34-F3F F71-F87 F8D-F97 F99-FBC FBE-FCC FCE-FDA 102B-103E 104A-104F 1056-1059 105E-1060 1062-1064
        1067-106D 1071-1074 1082-108D 108F 109A-109F 10FB 135D-1368 1390-1399 1400 166D-166E 1680 169B-169C 16EB-16ED 1712-1714 1732-1736 1752-1753 1772-1773
        17B4-17D6 17D8-17DB 17DD 1800-180E 18A9 1920-192B 1930-193B 1940 1944-1945 19B0-19C0 19C8-19C9 19DE-19FF 1A17-1A1B 1A1E-1A1F 1A55-1A5E 1A60-1A7C 1A7F
        1AA0-1AA6 1AA8-1AAD 1B00-1B04 1B34-1B44 1B5A-1B7C 1B80-1B82 1BA1-1BAD 1BE6-1BF3 1BFC-1BFF 1C24-1C37 1C3B-1C3F 1C7E-1C7F 1CC0-1CC7 1CD0-1CE8 1CED
        1CF2-1CF4 1DC0-1DE6 1DFC-1DFF 1FBD 1FBF-1FC1 1FCD-1FCF 1FDD-1FDF 1FED-1FEF 1FFD-1FFE 2000-2064 206A-206F 207A-207E 208A-208E 20A0-20B9 20D0-20F0
        2100-2101 2103-2106 2108-2109 2114 2116-2118 211E-2123 2125 2127 2129 212E 213A-213B 2140-2144 214A-214D 214F 2190-23F3 2400-2426 2440-244A 249C-24E9
        2500-26FF 2701-2775 2794-2B4C 2B50-2B59 2CE5-2CEA 2CEF-2CF1 2CF9-2CFC 2CFE-2CFF 2D70 2D7F 2DE0-2E2E 2E30-2E3B 2E80-2E99 2E9B-2EF3 2F00-2FD5 2FF0-2FFB
        3000-3004 3008-3020 302A-3030 3036-3037 303D-303F 3099-309C 30A0 30FB 3190-3191 3196-319F 31C0-31E3 3200-321E 322A-3247 3250 3260-327F 328A-32B0
        32C0-32FE 3300-33FF 4DC0-4DFF A490-A4C6 A4FE-A4FF A60D-A60F A66F-A67E A69F A6F0-A6F7 A700-A716 A720-A721 A789-A78A A802 A806 A80B A823-A82B A836-A839
        A874-A877 A880-A881 A8B4-A8C4 A8CE-A8CF A8E0-A8F1 A8F8-A8FA A926-A92F A947-A953 A95F A980-A983 A9B3-A9CD A9DE-A9DF AA29-AA36 AA43 AA4C-AA4D AA5C-AA5F
        AA77-AA79 AA7B AAB0 AAB2-AAB4 AAB7-AAB8 AABE-AABF AAC1 AADE-AADF AAEB-AAF1 AAF5-AAF6 ABE3-ABED FB1E FB29 FBB2-FBC1 FD3E-FD3F FDFC-FDFD FE00-FE19
        FE20-FE26 FE30-FE52 FE54-FE66 FE68-FE6B FEFF FF01-FF0F FF1A-FF20 FF3B-FF40 FF5B-FF65 FFE0-FFE6 FFE8-FFEE FFF9-FFFF 10100-10102 10137-1013F 10179-10189
        10190-1019B 101D0-101FD 1039F 103D0 10857 1091F 1093F 10A01-10A03 10A05-10A06 10A0C-10A0F 10A38-10A3A 10A3F 10A50-10A58 10A7F 10B39-10B3F 11000-11002
        11038-1104D 11080-11082 110B0-110C1 11100-11102 11127-11134 11140-11143 11180-11182 111B3-111C0 111C5-111C8 116AB-116B7 12470-12473 16F51-16F7E
        16F8F-16F92 1D000-1D0F5 1D100-1D126 1D129-1D1DD 1D200-1D245 1D300-1D356 1D6C1 1D6DB 1D6FB 1D715 1D735 1D74F 1D76F 1D789 1D7A9 1D7C3 1EEF0-1EEF1
        1F000-1F02B 1F030-1F093 1F0A0-1F0AE 1F0B1-1F0BE 1F0C1-1F0CF 1F0D1-1F0DF 1F110-1F12E 1F130-1F16B 1F170-1F19A 1F1E6-1F202 1F210-1F23A 1F240-1F248
        1F250-1F251 1F300-1F320 1F330-1F335 1F337-1F37C 1F380-1F393 1F3A0-1F3C4 1F3C6-1F3CA 1F3E0-1F3F0 1F400-1F43E 1F440 1F442-1F4F7 1F4F9-1F4FC 1F500-1F53D
        1F540-1F543 1F550-1F567 1F5FB-1F640 1F645-1F64F 1F680-1F6C5 1F700-1F773 E0001 E0020-E007F E0100-E01EF
        """;

    /// <summary>Marks that are dropped within a word and part words elsewhere.</summary>
    private const string Marks = """
        300-304 306-30C 30F 311 31B 323-328 32D-32E 330-331
        """;

    /// <summary>What is written as something else: <c>from-to&gt;target</c>; <c>~</c> instead of <c>-</c> means every second one, a final <c>+</c> that the target moves along.</summary>
    private const string Folds = """
        B5>3BC C0-C5>61 C6>E6 C7~C9>63+ C8~CA>65 CB>65 CC-CF>69 D0>F0 D1-D2>6E+ D3-D6>6F D8>F8 D9-DC>75 DD>79 DE>FE E0-E5>61 E7~E9>63+ E8~EA>65 EB>65 EC-EF>69
        F1-F2>6E+ F3-F6>6F F9-FC>75 FD~FF>79 100-105>61 106-10D>63 10E-10F>64 110>111 112-11B>65 11C-123>67 124-125>68 126>127 128-130>69 132>133 134-135>6A
        136-137>6B 139-13E>6C 13F~141>140+ 143-148>6E 14A>14B 14C-151>6F 152>153 154-159>72 15A-161>73 162-165>74 166>167 168-173>75 174-175>77 176-178>79
        179-17E>7A 17F>73 181>253 182~184>183+ 186>254 187>188 189-18A>256+ 18B>18C 18E>1DD 18F>259 190>25B 191>192 193>260 194>263 196>269 197>268 198>199
        19C>26F 19D>272 19F>275 1A0-1A1>6F 1A2~1A4>1A3+ 1A6>280 1A7>1A8 1A9>283 1AC>1AD 1AE>288 1AF-1B0>75 1B1-1B2>28A+ 1B3~1B5>1B4+ 1B7>292 1B8>1B9 1BC>1BD
        1C4-1C5>1C6 1C7-1C8>1C9 1CA-1CB>1CC 1CD-1CE>61 1CF-1D0>69 1D1-1D2>6F 1D3-1D4>75 1D5~1DB>1D6+ 1DE~1E4>1DF+ 1E6-1E7>67 1E8-1E9>6B 1EA-1EB>6F
        1EC~1EE>1ED+ 1F0>6A 1F1-1F2>1F3 1F4-1F5>67 1F6>195 1F7>1BF 1F8-1F9>6E 1FA~1FE>1FB+ 200-203>61 204-207>65 208-20B>69 20C-20F>6F 210-213>72 214-217>75
        218-219>73 21A-21B>74 21C>21D 21E-21F>68 220>19E 222~224>223+ 226-227>61 228-229>65 22A~22C>22B+ 22E-22F>6F 230>231 232-233>79 23A>2C65 23B>23C
        23D>19A 23E>2C66 241>242 243>180 244>289 245>28C 246~24E>247+ 370~372>371+ 376>377 386>3AC 388-38A>3AD+ 38C>3CC 38E-38F>3CD+ 391-3A1>3B1+ 3A3-3AB>3C3+
        3C2>3C3 3CF>3D7 3D0>3B2 3D1>3B8 3D5>3C6 3D6>3C0 3D8~3EE>3D9+ 3F0>3BA 3F1>3C1 3F4>3B8 3F5>3B5 3F7>3F8 3F9>3F2 3FA>3FB 3FD-3FF>37B+ 400-40F>450+
        410-42F>430+ 460~480>461+ 48A~4BE>48B+ 4C0>4CF 4C1~4CD>4C2+ 4D0~526>4D1+ 531-556>561+ 10A0-10C5>2D00+ 10C7>2D27 10CD>2D2D 1E00-1E01>61 1E02-1E07>62
        1E08>1E09 1E0A-1E13>64 1E14~1E16>1E15+ 1E18-1E1B>65 1E1C>1E1D 1E1E-1E1F>66 1E20-1E21>67 1E22-1E2B>68 1E2C-1E2D>69 1E2E>1E2F 1E30-1E35>6B 1E36-1E37>6C
        1E38>1E39 1E3A-1E3D>6C 1E3E-1E43>6D 1E44-1E4B>6E 1E4C~1E52>1E4D+ 1E54-1E57>70 1E58-1E5B>72 1E5C>1E5D 1E5E-1E5F>72 1E60-1E63>73 1E64~1E68>1E65+
        1E6A-1E71>74 1E72-1E77>75 1E78~1E7A>1E79+ 1E7C-1E7F>76 1E80-1E89>77 1E8A-1E8D>78 1E8E-1E8F>79 1E90-1E95>7A 1E96>68 1E97>74 1E98>77 1E99>79 1E9B>73
        1E9E>DF 1EA0-1EA3>61 1EA4~1EB6>1EA5+ 1EB8-1EBD>65 1EBE~1EC6>1EBF+ 1EC8-1ECB>69 1ECC-1ECF>6F 1ED0~1EE2>1ED1+ 1EE4-1EE7>75 1EE8~1EF0>1EE9+ 1EF2-1EF9>79
        1EFA~1EFE>1EFB+ 1F08-1F0F>1F00+ 1F18-1F1D>1F10+ 1F28-1F2F>1F20+ 1F38-1F3F>1F30+ 1F48-1F4D>1F40+ 1F59~1F5F>1F51+ 1F68-1F6F>1F60+ 1F88-1F8F>1F80+
        1F98-1F9F>1F90+ 1FA8-1FAF>1FA0+ 1FB8-1FB9>1FB0+ 1FBA-1FBB>1F70+ 1FBC>1FB3 1FBE>3B9 1FC8-1FCB>1F72+ 1FCC>1FC3 1FD8-1FD9>1FD0+ 1FDA-1FDB>1F76+
        1FE8-1FE9>1FE0+ 1FEA-1FEB>1F7A+ 1FEC>1FE5 1FF8-1FF9>1F78+ 1FFA-1FFB>1F7C+ 1FFC>1FF3 2126>3C9 212A>6B 212B>61 2132>214E 2160-216F>2170+ 2183>2184
        2C00-2C2E>2C30+ 2C60>2C61 2C62>26B 2C63>1D7D 2C64>27D 2C67~2C6B>2C68+ 2C6D>251 2C6E>271 2C6F>250 2C70>252 2C72>2C73 2C75>2C76 2C7E-2C7F>23F+
        2C80~2CE2>2C81+ 2CEB~2CED>2CEC+ 2CF2>2CF3 A640~A66C>A641+ A680~A696>A681+ A722~A72E>A723+ A732~A76E>A733+ A779~A77B>A77A+ A77D>1D79 A77E~A786>A77F+
        A78B>A78C A78D>265 A790~A792>A791+ A7A0~A7A8>A7A1+ A7AA>266 FF21-FF3A>FF41+ 10400-10427>10428+
        """;

    private const byte Word = 1, Mark = 2;

    /// <summary>What lies in the planes that have letters and signs is looked up, what lies above is searched for.</summary>
    private const int Looked = 0x20000;

    private static readonly (int From, int To, int Step)[] Parting = [.. Ranges(Separators)];
    private static readonly (int From, int To, int Step)[] PartingAbove = [.. Parting.Where(range => range.To >= Looked)];
    private static readonly byte[] Kinds = ReadKinds();
    private static readonly Dictionary<int, int> Folded = ReadFolds();

    /// <summary>Whether a word can start with it.</summary>
    public static bool Starts(int codePoint) => KindOf(codePoint) == Word;

    /// <summary>Whether it belongs to the word before it.</summary>
    public static bool Continues(int codePoint) => KindOf(codePoint) != 0;

    /// <summary>How it stands in the index: in lower case without its mark; 0 where it is dropped.</summary>
    public static int Fold(int codePoint) => codePoint < 0x80
        ? codePoint is >= 'A' and <= 'Z' ? codePoint + ('a' - 'A') : codePoint
        : KindOf(codePoint) == Mark ? 0 : Folded.GetValueOrDefault(codePoint, codePoint);

    // Asked of each character of every text: what is searched for stands apart, so that nothing is made for those that are looked up.
    private static byte KindOf(int codePoint) => codePoint < Looked ? Kinds[codePoint] : KindAbove(codePoint);

    private static byte KindAbove(int codePoint) => Array.Exists(PartingAbove, range => codePoint >= range.From && codePoint <= range.To) ? (byte)0 : Word;

    private static byte[] ReadKinds()
    {
        var kinds = new byte[Looked];
        for (var c = 0; c < Looked; c++)
            kinds[c] = c >= 0x80 || char.IsAsciiLetterOrDigit((char)c) ? Word : (byte)0;
        foreach (var (from, to, _) in Parting.Where(range => range.To < Looked))
            kinds.AsSpan(from..(to + 1)).Clear();
        foreach (var (from, to, _) in Ranges(Marks))
            kinds.AsSpan(from..(to + 1)).Fill(Mark);
        return kinds;
    }

    private static Dictionary<int, int> ReadFolds()
    {
        var folds = new Dictionary<int, int>();
        foreach (var entry in Words(Folds))
        {
            var arrow = entry.IndexOf('>');
            var (from, to, step) = Range(entry[..arrow]);
            var moves = entry[^1] == '+';
            var target = Number(entry[(arrow + 1)..].TrimEnd('+'));
            for (var c = from; c <= to; c += step)
                folds[c] = moves ? target + c - from : target;
        }
        return folds;
    }

    private static IEnumerable<(int From, int To, int Step)> Ranges(string text) => Words(text).Select(Range);

    private static (int From, int To, int Step) Range(string text) => text.Split('-', '~') is [var from, var to]
        ? (Number(from), Number(to), text.Contains('~') ? 2 : 1)
        : (Number(text), Number(text), 1);

    private static string[] Words(string text) => text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    private static int Number(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
