using System.Text.RegularExpressions;

namespace Sophia.House;

/// <summary>Forbids, in grain code and in the runtime, whatever a simulator could not own: ambient time, chance, threads, hash order.</summary>
public partial class ExactnessTests
{
    [Theory]
    [InlineData("src/Grains/")]
    [InlineData("src/InProcess/")]
    public void Time_chance_and_threads_come_in_by_parameter(string room)
    {
        var guilty = from file in Repository.Files(room, ".cs")
                     from line in Repository.Read(file).Split('\n').Select((text, index) => (text, number: index + 1))
                     let code = line.text.TrimStart()
                     where !code.StartsWith("//", StringComparison.Ordinal) && Banned().IsMatch(code)
                     select $"{file}:{line.number}: {code}";
        Assert.Empty(guilty);
    }

    [Fact]
    public void The_rule_catches_what_it_forbids()
    {
        string[] planted =
        [
            "var now = DateTime.UtcNow;", "DateTimeOffset.UtcNow", "Guid.NewGuid()", "Random.Shared.Next()", "Task.Run(() => 1)", "await x.ConfigureAwait(false)",
            "Thread.Sleep(1)", "Stopwatch.StartNew()", "Environment.TickCount64", "new CancellationTokenSource(TimeSpan.FromSeconds(1))", "await Task.Delay(100)",
        ];
        Assert.All(planted, line => Assert.Matches(Banned(), line));
        Assert.DoesNotMatch(Banned(), "await Task.Delay(due, time, cancellation)");
    }

    [GeneratedRegex(@"DateTime(Offset)?\.(Utc)?(Now|Today)|Guid\.NewGuid|Random\.Shared|new Random\(\)|Task\.Run\(|\.ConfigureAwait\(false\)|Thread\.(Sleep|Start)|new Thread\(|Stopwatch\.|Environment\.TickCount|new CancellationTokenSource\((TimeSpan|\d)|Task\.Delay\([^,()]*(\([^()]*\))?\)|new PeriodicTimer\([^,]*\)")]
    private static partial Regex Banned();
}
