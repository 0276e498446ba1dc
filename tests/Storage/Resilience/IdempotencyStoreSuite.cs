using System.Text;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>What every store of idempotency keys promises. Method: one suite over both engines.</summary>
public abstract class IdempotencyStoreSuite : IAsyncLifetime
{
    private static readonly TenantId Acme = TenantId.Parse("acme"), Other = TenantId.Parse("other");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal abstract IIdempotencyStore Store { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task A_record_is_read_back_as_it_was_written()
    {
        Assert.Null(await Store.Find(Acme, "k", default));
        var record = Running(1) with
        {
            State = IdempotencyState.Completed, EndedAt = Noon.AddSeconds(1), Because = "größer \"than\"",
            Outcome = new IdempotentOutcome(201, [new IdempotentHeader("Location", "/a/b")], Encoding.UTF8.GetBytes("{\"a\":\"ü\"}\0\u0001")),
        };
        Assert.True((await Store.Write(Acme, "k", 0, record, default)).Done);
        var read = (await Store.Find(Acme, "k", default))!;
        Assert.Equal(record with { Outcome = null }, read with { Outcome = null });
        Assert.Equal((201, "/a/b"), (read.Outcome!.Status, read.Outcome.Headers.Single().Value));
        Assert.Equal(record.Outcome!.Body, read.Outcome.Body);
        Assert.Null(await Store.Find(Other, "k", default));
    }

    [EngineFact]
    public async Task A_write_takes_place_only_where_the_stamp_is_the_expected_one_and_says_what_is_there_otherwise()
    {
        Assert.True((await Store.Write(Acme, "k", 0, Running(5), default)).Done);
        foreach (var wrong in (long[])[0, 4, 6])
        {
            var (done, there) = await Store.Write(Acme, "k", wrong, Running(9), default);
            Assert.Equal((false, 5L), (done, there!.Stamp));
        }
        Assert.True((await Store.Write(Acme, "k", 5, Running(7), default)).Done);
        Assert.Equal(7, (await Store.Find(Acme, "k", default))!.Stamp);
        var (gone, nothing) = await Store.Write(Acme, "other", 7, Running(8), default);
        Assert.Equal((false, (IdempotencyRecord?)null), (gone, nothing));
    }

    [EngineFact]
    public async Task Of_a_hundred_writers_at_once_one_is_first()
    {
        var all = await Task.WhenAll(Enumerable.Range(1, 100).Select(stamp => Store.Write(Acme, "raced", 0, Running(stamp), default)));
        Assert.Single(all, one => one.Done);
        Assert.Single(all.Select(one => one.There!.Stamp).Distinct());
    }

    [EngineFact]
    public async Task A_sweep_takes_what_is_over_oldest_first_and_no_more_than_it_may()
    {
        for (var i = 0; i < 10; i++)
            await Store.Write(Acme, $"k{i}", 0, Running(i + 1) with { State = IdempotencyState.Released, ExpiresAt = Noon.AddHours(i) }, default);
        await Store.Write(Other, "k0", 0, Running(1) with { ExpiresAt = Noon }, default);
        await Store.Write(Acme, "held", 0, Running(1) with { ExpiresAt = Noon, LeaseUntil = Noon.AddDays(1) }, default);
        Assert.Equal(3, await Store.Sweep(Acme, Noon.AddHours(5), 3, default));
        Assert.Null(await Store.Find(Acme, "k2", default));
        Assert.NotNull(await Store.Find(Acme, "k3", default));
        Assert.Equal(2, await Store.Sweep(Acme, Noon.AddHours(5), 100, default));
        Assert.Equal(0, await Store.Sweep(Acme, Noon.AddHours(5), 100, default));
        Assert.NotNull(await Store.Find(Acme, "k5", default));
        Assert.NotNull(await Store.Find(Acme, "held", default));
        Assert.NotNull(await Store.Find(Other, "k0", default));
        Assert.Equal(0, await Store.Sweep(TenantId.Parse("never-seen"), Noon, 100, default));
    }

    [EngineFact]
    public async Task Kept_answers_go_page_by_page_and_their_status_and_everything_else_stays()
    {
        var answered = Running(1) with { State = IdempotencyState.Completed, EndedAt = Noon, Outcome = new IdempotentOutcome(201, [new IdempotentHeader("Location", "/secret")], "secret"u8.ToArray()) };
        for (var i = 0; i < 5; i++)
            await Store.Write(Acme, $"k{i}", 0, answered, default);
        await Store.Write(Acme, "k5", 0, Running(1), default);
        await Store.Write(Acme, "k6", 0, answered with { Outcome = new IdempotentOutcome(200, [], [], "It is a secret.") }, default);
        await Store.Write(Other, "k0", 0, answered, default);
        var last = await Store.Forget(Acme, null, 3, default);
        Assert.Equal("k2", last);
        Assert.NotEmpty((await Store.Find(Acme, "k3", default))!.Outcome!.Body);
        Assert.Equal("k5", last = await Store.Forget(Acme, last, 3, default));
        Assert.Null(await Store.Forget(Acme, last, 3, default));
        for (var i = 0; i < 5; i++)
        {
            var read = (await Store.Find(Acme, $"k{i}", default))!;
            Assert.Equal(answered with { Outcome = null }, read with { Outcome = null });
            Assert.Equal((201, 0, 0, "Records of the tenant were erased since."), (read.Outcome!.Status, read.Outcome.Headers.Count, read.Outcome.Body.Length, read.Outcome.NotKept));
        }
        Assert.Equal(Running(1), await Store.Find(Acme, "k5", default));
        Assert.Equal("It is a secret.", (await Store.Find(Acme, "k6", default))!.Outcome!.NotKept);
        Assert.Equal(6, (await Store.Find(Other, "k0", default))!.Outcome!.Body.Length);
        Assert.Null(await Store.Forget(TenantId.Parse("never-seen"), null, 3, default));
    }

    private static IdempotencyRecord Running(long stamp) => new(stamp, IdempotencyState.Running, 1, 1, "holder", "print", "POST /x", Noon, Noon.AddSeconds(30), Noon.AddDays(1));
}

public sealed class SqliteIdempotencyStoreTests : IdempotencyStoreSuite
{
    private readonly ScratchStore store = new();

    internal override IIdempotencyStore Store => field ??= new SqliteIdempotencyStore(store.Files);

    public override async Task DisposeAsync() => await store.DisposeAsync();

    /// <summary>Format 1 as it lies in the rows of whoever has kept keys: later formats go on reading it.</summary>
    [Fact]
    public void A_record_of_format_1_is_read()
    {
        var read = IdempotencyRecordJson.Read(1, """{"stamp":638,"state":2,"round":637,"attempts":2,"holder":"h","fingerprint":"f","operation":"POST /x","beganAt":"2026-03-01T12:00:00+00:00","leaseUntil":"2026-03-01T12:00:30+00:00","expiresAt":"2026-03-02T12:00:00+00:00","endedAt":"2026-03-01T12:00:01+00:00","because":"b","outcome":{"status":201,"headers":[{"name":"Location","value":"/a"}],"body":""}}"""u8, [1, 2]);
        Assert.Equal((638, IdempotencyState.Completed, 637, 2, "h", "f", "POST /x", "b"), (read.Stamp, read.State, read.Round, read.Attempts, read.Holder, read.Fingerprint, read.Operation, read.Because));
        Assert.Equal((201, "/a", 2), (read.Outcome!.Status, read.Outcome.Headers[0].Value, read.Outcome.Body.Length));
        Assert.Equal(IdempotencyRecordJson.Write(read).Record, IdempotencyRecordJson.Write(IdempotencyRecordJson.Read(1, IdempotencyRecordJson.Write(read).Record, [1, 2])).Record);
        Assert.Throws<System.Text.Json.JsonException>(() => IdempotencyRecordJson.Read(2, "{}"u8, null));
    }
}

[NeedsPostgres]
public sealed class PostgresIdempotencyStoreTests : IdempotencyStoreSuite
{
    private readonly Servers.ScratchDatabase scratch = new();
    private readonly Postgres.PostgresDatabase database;

    public PostgresIdempotencyStoreTests() => database = Postgres.PostgresDatabase.Open(scratch.Options, TimeProvider.System);

    internal override IIdempotencyStore Store => field ??= new PostgresIdempotencyStore(database);

    public override async Task DisposeAsync()
    {
        await database.DisposeAsync();
        scratch.Dispose();
    }
}
