namespace Sophia.Operations;

/// <summary>When memory is given back, and that a file which gave its caches back goes on as before.</summary>
public sealed class IdleMemoryTests
{
    private const long Mib = 1024 * 1024;

    [Fact]
    public void Memory_is_given_back_once_after_each_busy_time_and_never_during_it()
    {
        var rules = new IdleRules();
        Assert.False(rules.MayRest(100 * Mib));
        Assert.False(rules.MayRest(200 * Mib));
        Assert.True(rules.MayRest(201 * Mib));
        Assert.False(rules.MayRest(202 * Mib));
        Assert.False(rules.MayRest(260 * Mib));
        Assert.True(rules.MayRest(261 * Mib));
    }

    [Fact]
    public void A_process_that_only_ticks_is_left_alone()
    {
        var rules = new IdleRules();
        Assert.DoesNotContain(Enumerable.Range(1, 20).Select(i => rules.MayRest(i * Mib)), rests => rests);
    }

    [Fact]
    public async Task A_file_that_gave_its_caches_back_is_read_and_written_as_before()
    {
        await using var store = new ScratchStore();
        var kind = PlatformSchema.Kind;
        await store.Files.Write(null, kind, connection => { connection.Execute("CREATE TABLE t(x)"); return 0; }, default);
        Assert.Equal(0, await store.Files.Read(null, kind, connection => connection.Scalar("SELECT count(*) FROM t"), -1, default));
        await store.Files.Rest(default);
        await store.Files.Write(null, kind, connection => { connection.Execute("INSERT INTO t VALUES(1)"); return 0; }, default);
        await store.Files.Rest(default);
        Assert.Equal(1, await store.Files.Read(null, kind, connection => connection.Scalar("SELECT count(*) FROM t"), -1, default));
    }
}
