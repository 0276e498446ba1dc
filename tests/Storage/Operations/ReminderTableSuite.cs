using Orleans;
using Orleans.Runtime;

namespace Sophia.Operations;

/// <summary>What every engine's reminder table must do.</summary>
public abstract class ReminderTableSuite : IAsyncLifetime
{
    private static readonly GrainId One = GrainId.Create("pipeline", "acme/crm");
    private static readonly GrainId Other = GrainId.Create("pipeline", "acme/web");
    private static readonly DateTime Noon = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    protected abstract IReminderTable Table { get; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    [EngineFact]
    public async Task An_empty_table_has_no_rows()
    {
        Assert.Empty((await Table.ReadRows(One)).Reminders);
        Assert.Empty((await Table.ReadRows(0, 0)).Reminders);
        Assert.Null(await Table.ReadRow(One, "tick"));
        Assert.False(await Table.RemoveRow(One, "tick", "tag"));
    }

    [EngineFact]
    public async Task A_row_is_read_back_and_replaced_under_a_new_tag()
    {
        var first = await Put(One, "tick", TimeSpan.FromMinutes(1));
        var second = await Put(One, "tick", TimeSpan.FromMinutes(2));
        var row = await Table.ReadRow(One, "tick");
        Assert.NotEqual(first, second);
        Assert.Equal((One, "tick", Noon, DateTimeKind.Utc, TimeSpan.FromMinutes(2), second), (row!.GrainId, row.ReminderName, row.StartAt, row.StartAt.Kind, row.Period, row.ETag));
    }

    [EngineFact]
    public async Task Only_the_newest_tag_removes_a_row()
    {
        var first = await Put(One, "tick", TimeSpan.FromMinutes(1));
        var second = await Put(One, "tick", TimeSpan.FromMinutes(2));
        Assert.False(await Table.RemoveRow(One, "tick", first));
        Assert.True(await Table.RemoveRow(One, "tick", second));
        Assert.Null(await Table.ReadRow(One, "tick"));
    }

    [EngineFact]
    public async Task Rows_are_found_by_grain_and_by_range_of_hashes()
    {
        await Put(One, "a", TimeSpan.FromMinutes(1));
        await Put(One, "b", TimeSpan.FromMinutes(1));
        await Put(Other, "a", TimeSpan.FromMinutes(1));
        Assert.Equal(["a", "b"], (await Table.ReadRows(One)).Reminders.Select(row => row.ReminderName));
        var (one, other) = (One.GetUniformHashCode(), Other.GetUniformHashCode());
        Assert.Equal(3, (await Table.ReadRows(one, one)).Reminders.Count);
        Assert.Equal([Other], (await Table.ReadRows(one, other)).Reminders.Select(row => row.GrainId));
        Assert.Equal([One, One], (await Table.ReadRows(other, one)).Reminders.Select(row => row.GrainId));
        Assert.Equal([One, One], (await Table.ReadRows(unchecked(one - 1), one)).Reminders.Select(row => row.GrainId));
        await Table.TestOnlyClearTable();
        Assert.Empty((await Table.ReadRows(0, 0)).Reminders);
    }

    private async Task<string> Put(GrainId grain, string name, TimeSpan period) =>
        (await Table.UpsertRow(new ReminderEntry { GrainId = grain, ReminderName = name, StartAt = Noon, Period = period }))!;
}
