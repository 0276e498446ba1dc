using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Sophia.Operations;

// Goal: who writes is told before a disk is full. Method: the rules over every share of a disk up and down, and a real small disk that is filled.
public sealed class StorageRoomTests
{
    private const long Gib = 1L << 30;

    [Fact]
    public void A_level_is_entered_at_its_mark_and_left_only_beyond_its_slack()
    {
        var options = new RoomOptions();
        var level = RoomLevel.Enough;
        var up = Enumerable.Range(0, 101).Select(Seen).ToList();
        Assert.Equal((80, 95), (up.IndexOf(RoomLevel.Short), up.IndexOf(RoomLevel.None)));
        var down = Enumerable.Range(0, 101).Reverse().Select(used => (Used: used, Level: Seen(used))).ToList();
        Assert.Equal((92, 77), (down.First(seen => seen.Level == RoomLevel.Short).Used, down.First(seen => seen.Level == RoomLevel.Enough).Used));

        RoomLevel Seen(int used) => level = RoomRules.Decide(level, new RoomReading(100 * Gib, (100 - used) * Gib), options);
    }

    [Theory]
    [InlineData(4_000, 200, RoomLevel.Enough)]
    [InlineData(4_000, 49, RoomLevel.Short)]
    [InlineData(4_000, 9, RoomLevel.None)]
    [InlineData(10, 3, RoomLevel.Enough)]
    [InlineData(10, 1, RoomLevel.Short)]
    [InlineData(10, 0.4, RoomLevel.None)]
    [InlineData(0, 0, RoomLevel.Enough)]
    public void A_share_alone_refuses_nothing_on_a_large_disk_and_free_bytes_alone_nothing_on_a_small_one(double totalGib, double freeGib, RoomLevel level) =>
        Assert.Equal(level, RoomRules.Decide(RoomLevel.Enough, new RoomReading((long)(totalGib * Gib), (long)(freeGib * Gib)), new RoomOptions()));

    [Fact]
    public void On_a_mark_a_place_does_not_change_its_mind_with_every_write()
    {
        var (options, level, changes) = (new RoomOptions(), RoomLevel.Enough, 0);
        foreach (var used in new[] { 94.9, 95.0, 94.9, 95.1, 94.0, 93.1, 95.0, 92.9, 94.9 })
        {
            var next = RoomRules.Decide(level, new RoomReading(100 * Gib, (long)((100 - used) * Gib)), options);
            changes += next == level ? 0 : 1;
            level = next;
        }
        Assert.Equal((RoomLevel.Short, 3), (level, changes)); // Short, refused, short again.
    }

    [MountFact]
    public async Task A_real_disk_that_fills_is_refused_before_it_is_full_and_taken_again_when_there_is_room()
    {
        var folder = Path.Combine(Path.GetTempPath(), "sophia-room-" + Path.GetRandomFileName());
        Directory.CreateDirectory(folder);
        Assert.True(Mounted(folder));
        try
        {
            var options = new RoomOptions();
            options.Folders["data"] = Path.Combine(folder, "not", "there", "yet");
            using var room = new StorageRoom([], Options.Create(options), TimeProvider.System, NullLogger<StorageRoom>.Instance);
            Assert.Equal((RoomLevel.Enough, null), await Seen(room));
            var file = Path.Combine(folder, "records");
            await File.WriteAllBytesAsync(file, new byte[7 << 20]);
            Assert.Equal(RoomLevel.Short, (await Seen(room)).Level);
            await File.AppendAllBytesAsync(file, new byte[700 << 10]);
            var (level, refusal) = await Seen(room);
            Assert.Equal(RoomLevel.None, level);
            Assert.StartsWith("The disk of the data folder is 9", refusal);
            Assert.DoesNotContain(folder, refusal);
            File.Delete(file);
            Assert.Equal((RoomLevel.Enough, null), await Seen(room));
        }
        finally
        {
            Assert.True(Unmounted(folder));
            Directory.Delete(folder);
        }
    }

    private static async Task<(RoomLevel Level, string? Refusal)> Seen(StorageRoom room)
    {
        await room.Look(0, default);
        return (room.Places[0].Level, ((IStorageRoom)room).RefusesRecords);
    }

    private static bool Mounted(string folder) => Ran("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder);

    private static bool Unmounted(string folder) => Ran("umount", folder);

    private static bool Ran(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Wants a disk of its own, which root may mount on Linux, though not in every container: whether it may here is tried once.</summary>
    private sealed class MountFactAttribute : FactAttribute
    {
        private static readonly Lazy<bool> MayMount = new(TryToMount);

        public MountFactAttribute()
        {
            if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || Environment.GetEnvironmentVariable("SOPHIA_TEST_MOUNT") is "no")
                Skip = "only root on Linux may mount a small disk, and not in every container (SOPHIA_TEST_MOUNT=no)";
            else if (!MayMount.Value)
                Skip = "root may not mount a small disk here";
        }

        private static bool TryToMount()
        {
            var folder = Directory.CreateTempSubdirectory("sophia-mount-").FullName;
            try
            {
                return Mounted(folder) && Unmounted(folder);
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false; // There is no mount.
            }
            finally
            {
                Directory.Delete(folder);
            }
        }
    }
}
