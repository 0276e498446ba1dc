namespace Sophia.Operations;

/// <summary>What the doctor makes of what was seen of a machine.</summary>
public sealed class MachineRulesTests
{
    private const long Gib = 1L << 30;
    private static readonly FolderSeen Free = new("/data", Exists: true);

    [Fact]
    public void The_key_of_commands_is_named_with_its_place_and_whether_it_works()
    {
        Assert.Equal((FindingState.Ok, "/data/cli-key is not there yet; the first start makes it"), (MachineRules.Key("/data/cli-key", false, null, null) is var none ? none.State : default, none.Seen));
        Assert.Equal((FindingState.Ok, "/data/cli-key: owner of default"), (MachineRules.Key("/data/cli-key", true, "owner of default", null) is var works ? works.State : default, works.Seen));
        Assert.Equal(FindingState.Ok, MachineRules.Key("/data/cli-key", true, null, null).State);
        foreach (var (from, does) in new[] { ("/data/cli-key", "Start Sophia anew"), ("SOPHIA_KEY", "Unset SOPHIA_KEY") })
        {
            var refused = MachineRules.Key(from, true, null, "refuses the key (401)");
            Assert.Equal((FindingState.Warning, $"{from}: the Sophia of this data folder refuses the key (401)"), (refused.State, refused.Seen));
            Assert.StartsWith(does, refused.Do, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_SDK_is_needed_where_Sophia_is_built_and_nowhere_else()
    {
        Assert.Equal(FindingState.Ok, MachineRules.Dotnet(["9.0.100 [/usr]", "10.0.203 [/usr]"], "10.0.3", fromSource: true).State);
        Assert.Equal(FindingState.Missing, MachineRules.Dotnet(["9.0.100 [/usr]"], "10.0.3", fromSource: true).State);
        Assert.Equal(FindingState.Missing, MachineRules.Dotnet(null, "10.0.3", fromSource: true).State);
        Assert.Equal(FindingState.NotNeeded, MachineRules.Dotnet(null, "10.0.3", fromSource: false).State);
    }

    [Fact]
    public void Orleans_is_missing_only_where_something_asks_for_it()
    {
        Assert.Equal(FindingState.Ok, MachineRules.Orleans(runsOn: true, "Orleans", ["SOPHIA_CLUSTER"]).State);
        Assert.Equal(FindingState.NotNeeded, MachineRules.Orleans(runsOn: false, "InProcess", []).State);
        var missing = MachineRules.Orleans(runsOn: false, null, ["SOPHIA_CLUSTER", "SOPHIA_REDIS"]);
        Assert.Equal(FindingState.Missing, missing.State);
        Assert.Contains("SOPHIA_CLUSTER, SOPHIA_REDIS ask", missing.Do);
    }

    [Theory]
    [InlineData(1000, 500, 0)]
    [InlineData(1000, 40, 1)]
    [InlineData(1000, 5, 2)]
    public void A_disk_is_judged_by_the_marks_that_refuse_records(long total, long free, int state)
    {
        var finding = MachineRules.Room("data", new RoomReading(total * Gib, free * Gib), new RoomOptions());
        Assert.Equal((FindingState)state, finding.State);
        Assert.Equal(state == 0, finding.Do is null);
    }

    [Fact]
    public void A_disk_that_cannot_be_seen_is_a_warning() => Assert.Equal(FindingState.Warning, MachineRules.Room("data", null, new RoomOptions()).State);

    [Fact]
    public void A_data_folder_is_well_where_it_can_be_written_or_is_served()
    {
        Assert.Equal(FindingState.Ok, MachineRules.Folder(Free).State);
        Assert.Equal(FindingState.Ok, MachineRules.Folder(Free with { Exists = false }).State);
        Assert.Equal(FindingState.Ok, MachineRules.Folder(Free with { HeldBy = "7", ServedAt = "http://127.0.0.1:5080", Answers = true }).State);
        var silent = MachineRules.Folder(Free with { HeldBy = "7" });
        Assert.Equal(FindingState.Warning, silent.State);
        Assert.Contains("ps -p 7", silent.Do);
        Assert.Equal(FindingState.Missing, MachineRules.Folder(Free with { CannotWrite = "this account may not" }).State);
        Assert.Contains("layout 9", MachineRules.Folder(Free with { NewerVersion = 9 }).Seen);
    }

    [Fact]
    public void A_taken_port_is_well_only_where_it_is_this_folders()
    {
        Assert.Equal(FindingState.Ok, MachineRules.Port("Pages", "--url", "127.0.0.1:1", isFree: true, by: null).State);
        Assert.Equal(FindingState.Ok, MachineRules.Port("Pages", "--url", "127.0.0.1:1", isFree: false, by: "the Sophia of this data folder").State);
        var taken = MachineRules.Port("Pages", "--url", "127.0.0.1:1", isFree: false, by: null);
        Assert.Equal(FindingState.Missing, taken.State);
        Assert.Contains("--url", taken.Do);
    }

    [Fact]
    public void A_local_cluster_is_nothing_that_must_be()
    {
        Assert.Equal(FindingState.Ok, MachineRules.LocalCluster(postgres: true, redis: true, orleans: true).State);
        var none = MachineRules.LocalCluster(postgres: false, redis: false, orleans: true);
        Assert.Equal(FindingState.NotNeeded, none.State);
        Assert.Contains("redis-server", none.Seen);
        Assert.DoesNotContain("Orleans", none.Seen);
    }

    [Fact]
    public void What_only_tests_want_is_never_missing() => Assert.Equal((FindingState.NotNeeded, FindingState.Ok),
        (MachineRules.ForTests("Node", null, "tests").State, MachineRules.ForTests("Node", "20.11.1", "tests").State));

    [Theory]
    [InlineData(false, null, null, 3)]
    [InlineData(false, null, "none", 3)]
    [InlineData(false, null, "gh200", 1)]
    [InlineData(true, null, null, 1)]
    [InlineData(true, "gh200", null, 0)]
    [InlineData(true, "gh200", "gh200", 0)]
    [InlineData(true, "h100", "gh200", 1)]
    public void A_GPU_and_what_is_said_of_it_are_compared(bool present, string? reported, string? labelled, int state) => Assert.Equal((FindingState)state, MachineRules.Gpu(present, reported, labelled).State);

    [Theory]
    [InlineData("v20.11.1", "20.11.1")]
    [InlineData("Chromium 130.0.6723.91 built on Debian 12", "130.0.6723.91")]
    [InlineData("no number", null)]
    public void A_version_is_read_out_of_what_a_program_says(string said, string? version) => Assert.Equal(version, MachineRules.VersionIn(said));
}
