namespace Sophia.Pages;

/// <summary>A page that the navigation names. ForSystem: only operators of the system's tenant are shown it.</summary>
internal sealed record Place(string Name, string Path, bool ForSystem = false)
{
    private static readonly Place[] All =
    [
        new("Ask", "/"),
        new("Search", "/search"),
        new("Records", "/records"),
        new("Pipelines", "/pipelines"),
        new("Quarantine", "/quarantine"),
        new("Profiles", "/profiles"),
    ];

    /// <summary>The places that somebody is shown, in their order.</summary>
    public static IEnumerable<Place> For(Caller? caller, EdgeOptions edge)
    {
        var forSystem = caller.IsSystemOperator(edge.SystemTenant);
        var shown = All.Where(place => forSystem || !place.ForSystem);
        return forSystem && edge.Dashboard is { } dashboard ? shown.Append(new Place("Cluster", dashboard)) : shown;
    }
}
