namespace Orleans.Runtime;

/// <summary>Values that travel with a call to everything it calls; a callee's changes never travel back.</summary>
/// <remarks>The dictionary is never changed once set, so that messages share it without copying.</remarks>
public static class RequestContext
{
    private const string ReentrancyKey = "#CCR";

    private static readonly AsyncLocal<Dictionary<string, object>?> Current = new();

    internal static Dictionary<string, object>? Values
    {
        get => Current.Value;
        set => Current.Value = value;
    }

    /// <summary>The call chain that may re-enter its own grains; <see cref="Guid.Empty"/> for none.</summary>
    public static Guid ReentrancyId
    {
        get => ReentrancyOf(Current.Value);
        set
        {
            if (value == Guid.Empty)
                Remove(ReentrancyKey);
            else
                Set(ReentrancyKey, value);
        }
    }

    /// <summary>Until disposed, calls made here may call back into this grain before they return.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        var before = ReentrancyId;
        return new(before, before != Guid.Empty ? before : RuntimeContext.NewGuid());
    }

    /// <summary>Until disposed, calls made here may not call back into this grain.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    /// <summary>A value, or null.</summary>
    public static object? Get(string key) => Current.Value?.GetValueOrDefault(key);

    /// <summary>Sets a value for what this code calls from now on.</summary>
    public static void Set(string key, object value)
    {
        var values = Current.Value is { } before ? new Dictionary<string, object>(before) : new(1);
        values[key] = value;
        Current.Value = values;
    }

    /// <summary>Removes a value; false if there was none.</summary>
    public static bool Remove(string key)
    {
        if (Current.Value is not { } before || !before.ContainsKey(key))
            return false;
        var values = new Dictionary<string, object>(before);
        values.Remove(key);
        Current.Value = values.Count == 0 ? null : values;
        return true;
    }

    /// <summary>Removes all values.</summary>
    public static void Clear()
    {
        if (Current.Value is not null)
            Current.Value = null;
    }

    /// <summary>The names of all values.</summary>
    public static IEnumerable<string> Keys => Current.Value?.Keys ?? Enumerable.Empty<string>();

    /// <summary>All values.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Current.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    internal static Guid ReentrancyOf(Dictionary<string, object>? values) =>
        values is not null && values.TryGetValue(ReentrancyKey, out var id) ? (Guid)id : Guid.Empty;

    /// <summary>A stretch of code in which call-chain reentrancy is allowed or suppressed.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _before;
        private readonly Guid _within;

        /// <summary>Enters.</summary>
        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            _before = originalReentrancyId;
            _within = newReentrancyId;
            if (_within != _before)
                ReentrancyId = _within;
            if (_within != Guid.Empty)
                RuntimeContext.Activation?.EnterReentrantSection(_within);
        }

        /// <summary>Leaves.</summary>
        public void Dispose()
        {
            if (_within != Guid.Empty)
                RuntimeContext.Activation?.LeaveReentrantSection(_within);
            if (_within != _before)
                ReentrancyId = _before;
        }
    }
}
