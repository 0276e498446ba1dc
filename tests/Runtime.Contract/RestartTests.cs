using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Sophia.Runtime.Contract;

public interface ISleeperGrain : IGrainWithStringKey
{
    Task WakeMe(TimeSpan due);
}

public sealed class SleeperGrain(Journal journal) : Grain, ISleeperGrain, IRemindable
{
    public Task WakeMe(TimeSpan due) => this.RegisterOrUpdateReminder("wake", due, TimeSpan.FromMinutes(1));

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        journal.Write(this.GetPrimaryKeyString(), reminderName);
        return Task.CompletedTask;
    }
}

/// <summary>What outlives a silo: reminders, as far as their table does.</summary>
public sealed class RestartTests
{
    private static readonly TimeSpan Due = TimeSpan.FromSeconds(8), DueAgain = TimeSpan.FromMinutes(1);

    private readonly KeptReminders table = new();

    [Fact]
    public async Task A_reminder_survives_a_restart_and_wakes_its_grain_after_it()
    {
        using (var first = await Start(new Journal()))
        {
            await first.Services.GetRequiredService<IGrainFactory>().GetGrain<ISleeperGrain>("sleeper").WakeMe(Due);
            await first.StopAsync();
        }
        var journal = new Journal();
        using var second = await Start(journal);
        // Where the restart took longer than the reminder's due time, it comes a period after it.
        Assert.Equal("wake", (await journal.Until("sleeper", lines => lines.Count > 0, DueAgain * 3))[0]);
        await second.StopAsync();
    }

    // Ports beside those of the suite's own silo.
    private async Task<IHost> Start(Journal journal)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(journal);
        builder.Services.AddSingleton<IReminderTable>(table);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort: 11_731, gatewayPort: 30_731);
            silo.AddMemoryGrainStorage("Default");
            silo.AddMemoryGrainStorage("second");
            silo.AddReminders();
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>A table as a database keeps it: the same for one silo after another.</summary>
    private sealed class KeptReminders : IReminderTable
    {
        private readonly Dictionary<(GrainId, string), ReminderEntry> rows = [];
        private readonly Lock gate = new();
        private int lastTag;

        public Task<ReminderTableData> ReadRows(GrainId grainId) => Where(row => row.GrainId == grainId);

        public Task<ReminderTableData> ReadRows(uint begin, uint end) => Where(row => row.GrainId.GetUniformHashCode() is var hash
            && (begin < end ? hash > begin && hash <= end : begin == end || hash > begin || hash <= end));

        public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName)
        {
            lock (gate)
                return Task.FromResult(rows.GetValueOrDefault((grainId, reminderName)));
        }

        public Task<string?> UpsertRow(ReminderEntry entry)
        {
            lock (gate)
            {
                entry.ETag = $"{++lastTag}";
                rows[(entry.GrainId, entry.ReminderName)] = entry;
                return Task.FromResult<string?>(entry.ETag);
            }
        }

        public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag)
        {
            lock (gate)
                return Task.FromResult(rows.TryGetValue((grainId, reminderName), out var row) && row.ETag == eTag && rows.Remove((grainId, reminderName)));
        }

        public Task TestOnlyClearTable() => Task.CompletedTask;

        private Task<ReminderTableData> Where(Func<ReminderEntry, bool> wanted)
        {
            lock (gate)
                return Task.FromResult(new ReminderTableData(rows.Values.Where(wanted).ToList()));
        }
    }
}
