namespace Orleans.Configuration;

/// <summary>Bounds of calls.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for an answer; default 30 s. Looked at every quarter of it, at most every second.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a call that timed out has its token cancelled; default false.</summary>
    public bool CancelRequestOnTimeout { get; set; }
}

/// <summary>Bounds of calls made in a silo.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How often a call that waits is handed on when its activation ends, before it is rejected; default 2.</summary>
    public int MaxForwardCount { get; set; } = 2;
}

/// <summary>Bounds of calls made by a client.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>When activations are collected.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often idle activations are looked for; default 1 minute.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an activation may be idle; default 15 minutes.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The collection age of single classes, by full class name.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>When the token of OnActivateAsync is cancelled; default 30 s.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>When the token of OnDeactivateAsync is cancelled; default 30 s.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>The names of cluster and service.</summary>
public class ClusterOptions
{
    /// <summary>The cluster; default "default".</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>The service; default "default".</summary>
    public string ServiceId { get; set; } = "default";
}

/// <summary>The name of a silo.</summary>
public class SiloOptions
{
    /// <summary>The name; default "Silo".</summary>
    public string SiloName { get; set; } = "Silo";
}
