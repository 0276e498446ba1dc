namespace Sophia.Pages;

/// <summary>What is wrong with whom, in words, and where somebody does something about it.</summary>
public static class TroubleWords
{
    public static string Of(TroubleKind kind) => kind switch
    {
        TroubleKind.Banned => "Banned callers",
        TroubleKind.BreakerOpen => "Open breakers",
        TroubleKind.Refused => "Refused tenants",
        TroubleKind.QueueHeld => "Held queues",
        TroubleKind.DeadWork => "Dead work",
        TroubleKind.LevelHeld => "Held levels",
        TroubleKind.Waits => "Callers that wait",
        _ => "Other",
    };

    public static string Name(TroubleSight what) => what.Name.Length > 0 ? what.Name : what.Kind == TroubleKind.QueueHeld ? "all queues" : "level";

    /// <summary>The page where it can be acted on.</summary>
    public static string Path(TroubleLine line)
    {
        var page = line.What.Kind switch { TroubleKind.Banned or TroubleKind.Waits => "/limits", TroubleKind.BreakerOpen or TroubleKind.Refused => "/breakers", TroubleKind.LevelHeld => "/degradation", _ => "/queues" };
        // What is the installation's own stands on the page of whoever looks after it.
        return line.Owner == TenantKey.System ? page : $"{page}?tenant={Uri.EscapeDataString(line.Owner)}{(line.What.Kind == TroubleKind.DeadWork ? $"&queue={Uri.EscapeDataString(line.What.Name)}" : "")}";
    }
}
