using System.Text;

namespace Sophia.Knowledge;

/// <summary>Takes the mark off a Latin letter (é to e), as <c>unicode61 remove_diacritics=1</c> does for letters that carry one mark.</summary>
internal static class Diacritics
{
    private const string Marked = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿāăąćĉċčďēĕėęěĝğġģĥĩīĭįĵķĺļľńņňōŏőŕŗřśŝşšţťũūŭůűųŵŷźżžơưǎǐǒǔǧǩǫǰǵǹȁȃȅȇȉȋȍȏȑȓȕȗșțȟȧȩȯȳ";
    private const string Plain = "aaaaaaceeeeiiiinooooouuuuyyaaaccccdeeeeegggghiiiijklllnnnooorrrssssttuuuuuuwyzzzouaiougkojgnaaeeiioorruusthaeoy";

    /// <summary>The letter without its mark, or itself.</summary>
    public static Rune Strip(Rune lower)
    {
        if (!lower.IsBmp)
            return lower;
        var at = Marked.IndexOf((char)lower.Value);
        return at < 0 ? lower : new Rune(Plain[at]);
    }
}
