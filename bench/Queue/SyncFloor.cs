using System.Diagnostics;

namespace Sophia.Bench;

/// <summary>How often a second the disk writes 4 kB and says that it has them: what nobody who commits one by one can pass.</summary>
internal static class SyncFloor
{
    public static double PerSecond(string folder)
    {
        var path = Path.Combine(folder, "sync");
        var page = new byte[4096];
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.DeleteOnClose });
        var (clock, syncs) = (Stopwatch.StartNew(), 0);
        for (; clock.Elapsed < TimeSpan.FromSeconds(1); syncs++)
        {
            file.Write(page);
            file.Flush(flushToDisk: true);
        }
        return syncs / clock.Elapsed.TotalSeconds;
    }
}
