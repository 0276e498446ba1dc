namespace Sophia.Pages;

/// <summary>Where nodes and needs stand in the drawing: who is hit on the left, what it needs further and further to the right. Pure.</summary>
/// <remarks>A drawing of everything would show nothing: of each column stand those that are hit, hardest first, then others by name, as many as there is room for; the rest is a number.</remarks>
internal sealed class DomainDrawing
{
    public const int BoxWidth = 158, BoxHeight = 38, ColumnWidth = 206, RowHeight = 50, Top = 34, Left = 6;

    /// <summary>Nodes of one column.</summary>
    private const int MostRows = 11;

    private static readonly (string Title, DomainKind[] Kinds)[] All =
    [
        ("Tenants", [DomainKind.Tenant]), ("Pipelines", [DomainKind.Pipeline]), ("Features", [DomainKind.Feature]), ("Queues, indexes, sources", [DomainKind.Queue, DomainKind.Index, DomainKind.Source]),
        ("Parts", [DomainKind.Part]), ("Outside", [DomainKind.Dependency, DomainKind.Host]), ("Stores, processes", [DomainKind.Store, DomainKind.Silo, DomainKind.FrontEnd]),
    ];

    private readonly Dictionary<string, Box> boxes = new(StringComparer.Ordinal);

    public DomainDrawing(DomainsView view)
    {
        var columns = new List<Column>();
        foreach (var (title, kinds) in All)
            if (view.Nodes.Where(node => kinds.Contains(node.Kind)).ToArray() is { Length: > 0 } nodes)
            {
                var x = Left + (columns.Count * ColumnWidth);
                var shown = nodes.OrderByDescending(node => node.IsFailing).ThenByDescending(node => node.Hit).ThenBy(node => node.Id, StringComparer.Ordinal).Take(MostRows).ToArray();
                for (var row = 0; row < shown.Length; row++)
                    boxes[shown[row].Id] = new Box(shown[row], columns.Count, x, Top + (row * RowHeight));
                columns.Add(new Column(title, x, nodes.Length - shown.Length, Top + (shown.Length * RowHeight)));
            }
        Columns = columns;
        Lines = [.. view.Needs.SelectMany(need => need.OneOf.Select(to => (need, to))).Select(one => Between(one.need, one.to)).OfType<Line>().OrderBy(line => line.IsHit)];
        Width = Left + (Math.Max(columns.Count, 1) * ColumnWidth) - (ColumnWidth - BoxWidth) + Left;
        Height = columns.Count == 0 ? Top : columns.Max(column => column.End + (column.LeftOut > 0 ? 20 : 0));
    }

    public IReadOnlyList<Column> Columns { get; }

    public IEnumerable<Box> Boxes => boxes.Values;

    public IReadOnlyList<Line> Lines { get; }

    public int Width { get; }

    public int Height { get; }

    private Line? Between(DomainNeedView need, string to)
    {
        if (!boxes.TryGetValue(need.From, out var a) || !boxes.TryGetValue(to, out var b) || a.Column == b.Column)
            return null;
        var isHit = need.Strength != NeedStrength.Uses && a.Node.Hit != DomainHit.Not && b.Node.Hit != DomainHit.Not;
        // Every tenant can do without most features: that is only drawn where it matters.
        if (a.Node.Kind == DomainKind.Tenant && need.Strength == NeedStrength.Soft && !isHit)
            return null;
        var forward = a.Column < b.Column;
        var (x1, x2) = forward ? (a.X + BoxWidth, b.X) : (a.X, b.X + BoxWidth);
        var (y1, y2, bend) = (a.Y + (BoxHeight / 2), b.Y + (BoxHeight / 2), forward ? 24 : -24);
        // Past other columns it runs between two rows: behind a box it would look as if it led to that.
        var (turn, between) = (forward ? ColumnWidth - BoxWidth : BoxWidth - ColumnWidth, b.Y - ((RowHeight - BoxHeight) / 2));
        var path = Math.Abs(a.Column - b.Column) == 1 ? $"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
            : $"M{x1} {y1}C{x1 + bend} {y1} {x1 + bend} {between} {x1 + turn} {between}H{x2 - turn}C{x2 - bend} {between} {x2 - bend} {y2} {x2} {y2}";
        return new Line(path, need.Strength, isHit);
    }

    internal sealed record Column(string Title, int X, int LeftOut, int End);

    internal sealed record Box(DomainNodeView Node, int Column, int X, int Y);

    internal sealed record Line(string Path, NeedStrength Strength, bool IsHit);
}
