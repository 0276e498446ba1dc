using System.Globalization;
using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>What a connector said and what Sophia has to say about it, until somebody takes it away; bounded, so that a flood is counted instead of kept.</summary>
internal sealed class ConnectorLines(TimeProvider time)
{
    /// <summary>The longest line, in UTF-16 units.</summary>
    public const int MaxLength = 2_000;

    /// <summary>The most lines between two batches; of further ones only warnings and errors are kept, as many again.</summary>
    public const int MaxHeld = 100;

    private readonly List<ConnectorLine> held = [];
    private long left;

    public void Add(ConnectorLineLevel level, string text)
    {
        if (held.Count < MaxHeld || (level >= ConnectorLineLevel.Warning && held.Count < 2 * MaxHeld))
            held.Add(new ConnectorLine(time.GetUtcNow(), level, Clip(text)));
        else
            left++;
    }

    public IReadOnlyList<ConnectorLine> Take()
    {
        if (held.Count == 0)
            return [];
        if (left > 0)
            held.Add(new ConnectorLine(time.GetUtcNow(), ConnectorLineLevel.Information, string.Create(CultureInfo.InvariantCulture, $"{left} more lines came at once and are not kept.")));
        left = 0;
        ConnectorLine[] taken = [.. held];
        held.Clear();
        return taken;
    }

    public static string Clip(string text) => TextEnd.Clip(text, MaxLength);
}
