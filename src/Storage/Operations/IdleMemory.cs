using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Sqlite;

namespace Sophia.Operations;

/// <summary>Gives memory back once work is over: the collector and the page caches keep what a busy hour needed until somebody asks.</summary>
/// <remarks>Quiet means little allocated for <see cref="StorageOptions.QuietSeconds"/>. It asks once after each busy time, so a process that only ticks is left alone.</remarks>
internal sealed partial class IdleMemory(DatabaseFiles files, IOptions<StorageOptions> options, TimeProvider time, ILogger<IdleMemory> logger) : BackgroundService
{
    private readonly IdleRules rules = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.QuietSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                if (rules.MayRest(GC.GetTotalAllocatedBytes()))
                    await Rest(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task Rest(CancellationToken cancellation)
    {
        try
        {
            await files.Rest(cancellation);
        }
        catch (StorageException failure)
        {
            CannotRest(failure);
        }
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out var trim))
            Trim(trim);
    }

    /// <summary>glibc keeps freed pages of other threads' heaps until it is asked; other C libraries have no such call.</summary>
    private static unsafe void Trim(nint trim) => _ = ((delegate* unmanaged<nuint, int>)trim)(0);

    [LoggerMessage(2301, LogLevel.Debug, "A file's cache could not be given back.")]
    private partial void CannotRest(StorageException failure);
}

/// <summary>Decides by the bytes allocated so far whether a busy time has just ended.</summary>
internal sealed class IdleRules
{
    /// <summary>Allocated between two looks, in bytes, up to which the time between is quiet: timers and health checks need less.</summary>
    public const long Quiet = 4 * 1024 * 1024;

    /// <summary>Allocated since the last rest, in bytes, from which on there may be something to give back.</summary>
    public const long WorthIt = 32 * 1024 * 1024;

    private long before;
    private long rested;

    public bool MayRest(long allocated)
    {
        var quiet = allocated - before <= Quiet;
        before = allocated;
        if (!quiet || allocated - rested < WorthIt)
            return false;
        rested = allocated;
        return true;
    }
}
