namespace Sophia.Chat;

/// <summary>The bounds of the hub and the event streams.</summary>
public static class ChatEdgeLimits
{
    /// <summary>A message to the hub, in bytes.</summary>
    public const long Message = 64 * 1024;

    /// <summary>Streams that one connection may have open.</summary>
    public const int StreamsPerConnection = 16;

    /// <summary>Calls of one connection that run at once; more wait.</summary>
    public const int CallsPerConnection = 4;

    /// <summary>How often either side says that it is there, in a silent connection.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(15);

    /// <summary>A client silent for longer is gone.</summary>
    public static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(45);

    /// <summary>How often runs are looked at for those who watch them.</summary>
    public static readonly TimeSpan RunsEvery = TimeSpan.FromSeconds(1);

    /// <summary>Runs that are watched, the newest.</summary>
    public const int RunsWatched = 50;

    /// <summary>How often in a row a reader goes on after its conversation was moved, before it gives up.</summary>
    public const int Reopenings = 8;

    /// <summary>The first pause before it goes on; each further one is twice as long, so that all together outlast the death of a silo (51 s).</summary>
    public static readonly TimeSpan ReopenAfter = TimeSpan.FromMilliseconds(200);
}
