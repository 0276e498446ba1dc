using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A grain that wants to be woken by reminders.</summary>
    public interface IRemindable : IGrain
    {
        /// <summary>A reminder of this name is due. May come more than once, and while the grain has no activation.</summary>
        Task ReceiveReminder(string reminderName, TickStatus status);
    }

    /// <summary>Where reminders are kept.</summary>
    public interface IReminderTable
    {
        /// <summary>Opens the table; called once before any other.</summary>
        Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        /// <summary>All reminders of a grain.</summary>
        Task<ReminderTableData> ReadRows(GrainId grainId);

        /// <summary>All reminders whose grain's uniform hash is in (begin, end], around zero if begin is not below end; equal: all.</summary>
        Task<ReminderTableData> ReadRows(uint begin, uint end);

        /// <summary>One reminder, or null.</summary>
        Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName);

        /// <summary>Stores or replaces; returns the new ETag.</summary>
        Task<string?> UpsertRow(ReminderEntry entry);

        /// <summary>Removes if the ETag is the stored one; false otherwise.</summary>
        Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag);

        /// <summary>Removes everything; for tests.</summary>
        Task TestOnlyClearTable();

        /// <summary>Closes the table.</summary>
        Task StopAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
    }

    /// <summary>Some rows of a reminder table.</summary>
    [GenerateSerializer]
    public sealed class ReminderTableData
    {
        /// <summary>No rows.</summary>
        public ReminderTableData() => Reminders = [];

        /// <summary>One row.</summary>
        public ReminderTableData(ReminderEntry entry) => Reminders = [entry];

        /// <summary>Many rows.</summary>
        public ReminderTableData(IEnumerable<ReminderEntry> list) => Reminders = [.. list];

        /// <summary>The rows.</summary>
        [Id(0)]
        public IList<ReminderEntry> Reminders { get; private set; }
    }

    /// <summary>One row of a reminder table.</summary>
    [GenerateSerializer]
    public sealed class ReminderEntry
    {
        /// <summary>Whom to wake.</summary>
        [Id(0)]
        public GrainId GrainId { get; set; }

        /// <summary>The reminder's name, unique within its grain.</summary>
        [Id(1)]
        public string ReminderName { get; set; } = null!;

        /// <summary>When it ticks first, UTC.</summary>
        [Id(2)]
        public DateTime StartAt { get; set; }

        /// <summary>How often it ticks from then on.</summary>
        [Id(3)]
        public TimeSpan Period { get; set; }

        /// <summary>The version of this row.</summary>
        [Id(4)]
        public string? ETag { get; set; }

        /// <inheritdoc/>
        public override string ToString() => $"<GrainId={GrainId} ReminderName={ReminderName} Period={Period}>";
    }

    /// <summary>What a grain may ask about its reminders.</summary>
    public static class GrainReminderExtensions
    {
        /// <summary>Registers or replaces a reminder; the period is at least <see cref="Hosting.ReminderOptions.MinimumReminderPeriod"/>.</summary>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this Grain grain, string reminderName, TimeSpan dueTime, TimeSpan period)
            => RegisterOrUpdateReminder((IGrainBase)grain, reminderName, dueTime, period);

        /// <summary>Registers or replaces a reminder.</summary>
        public static Task<IGrainReminder> RegisterOrUpdateReminder(this IGrainBase grain, string reminderName, TimeSpan dueTime,
            TimeSpan period)
        {
            ArgumentNullException.ThrowIfNull(grain);
            if (string.IsNullOrWhiteSpace(reminderName))
                throw new ArgumentNullException(nameof(reminderName));
            if (grain is not IRemindable)
                throw new InvalidOperationException($"Grain {grain.GrainContext.GrainId} is not '{nameof(IRemindable)}'. "
                    + $"A grain should implement {nameof(IRemindable)} to use the persistent reminder service");
            return Registry(grain).RegisterOrUpdateReminder(grain.GrainContext.GrainId, reminderName, dueTime, period);
        }

        /// <summary>Ends a reminder.</summary>
        public static Task UnregisterReminder(this Grain grain, IGrainReminder reminder) => UnregisterReminder((IGrainBase)grain, reminder);

        /// <summary>Ends a reminder.</summary>
        public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder)
            => Registry(grain).UnregisterReminder(grain.GrainContext.GrainId, reminder);

        /// <summary>The reminder of this name, or null.</summary>
        public static Task<IGrainReminder?> GetReminder(this Grain grain, string reminderName)
            => GetReminder((IGrainBase)grain, reminderName);

        /// <summary>The reminder of this name, or null.</summary>
        public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName)
        {
            if (string.IsNullOrWhiteSpace(reminderName))
                throw new ArgumentNullException(nameof(reminderName));
            return Registry(grain).GetReminder(grain.GrainContext.GrainId, reminderName);
        }

        /// <summary>All reminders of this grain.</summary>
        public static Task<List<IGrainReminder>> GetReminders(this Grain grain) => GetReminders((IGrainBase)grain);

        /// <summary>All reminders of this grain.</summary>
        public static Task<List<IGrainReminder>> GetReminders(this IGrainBase grain)
            => Registry(grain).GetReminders(grain.GrainContext.GrainId);

        private static Timers.IReminderRegistry Registry(IGrainBase grain) =>
            (Timers.IReminderRegistry?)grain.GrainContext.ActivationServices.GetService(typeof(Timers.IReminderRegistry))
            ?? throw new OrleansConfigurationException(
                "The reminder service has not been configured: register an IReminderTable and call AddReminders on the silo builder.");
    }
}

namespace Orleans.Runtime
{
    /// <summary>A registered reminder.</summary>
    public interface IGrainReminder
    {
        /// <summary>Its name.</summary>
        string ReminderName { get; }
    }

    /// <summary>When a tick was due and when it came, UTC.</summary>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
    {
        /// <summary>When the reminder ticked or should have ticked first.</summary>
        [Id(0)]
        public DateTime FirstTickTime { get; } = firstTickTime;

        /// <summary>The period.</summary>
        [Id(1)]
        public TimeSpan Period { get; } = period;

        /// <summary>Now.</summary>
        [Id(2)]
        public DateTime CurrentTickTime { get; } = timeStamp;

        /// <inheritdoc/>
        public override string ToString() => $"<{FirstTickTime}, {Period}, {CurrentTickTime}>";
    }

    /// <summary>The reminder service refused or failed.</summary>
    public sealed class ReminderException(string message) : OrleansException(message);
}

namespace Orleans.Timers
{
    /// <summary>Registers reminders for grains.</summary>
    public interface IReminderRegistry
    {
        /// <summary>Registers or replaces.</summary>
        Task<IGrainReminder> RegisterOrUpdateReminder(GrainId callingGrainId, string reminderName, TimeSpan dueTime, TimeSpan period);

        /// <summary>Ends.</summary>
        Task UnregisterReminder(GrainId callingGrainId, IGrainReminder reminder);

        /// <summary>Finds one.</summary>
        Task<IGrainReminder?> GetReminder(GrainId callingGrainId, string reminderName);

        /// <summary>Finds all.</summary>
        Task<List<IGrainReminder>> GetReminders(GrainId callingGrainId);
    }
}

namespace Orleans.Reminders
{
    /// <summary>The name under which the clock of reminders may be registered.</summary>
    public static class ReminderTimeProviderNames
    {
        /// <summary>The clock of reminders.</summary>
        public const string Reminders = "Orleans.Reminders";
    }
}

namespace Orleans.Hosting
{
    /// <summary>Bounds of reminders.</summary>
    public sealed class ReminderOptions
    {
        /// <summary>The shortest allowed period; default 1 minute.</summary>
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

        /// <summary>How often the table is read again; default 5 minutes.</summary>
        public TimeSpan RefreshReminderListPeriod { get; set; } = TimeSpan.FromMinutes(5);
    }
}
