namespace Sophia.House;

/// <summary>What the last release said on the wire and kept in grain storage is still understood: silos of both run side by side during an upgrade (docs/adr/0017).</summary>
/// <remarks>docs/contracts.released.txt is docs/contracts.txt as the last release had it; whoever releases copies it. Adding is free; removing, renaming,
/// renumbering or retyping needs a release in which both are there.</remarks>
public class ReleasedContractTests
{
    [Fact]
    public void Nothing_that_the_last_release_said_is_gone_or_means_something_else() =>
        Assert.Empty(Broken(Repository.Read("docs/contracts.released.txt"), Repository.Read("docs/contracts.txt")));

    [Theory]
    [InlineData("message A\n  0 Text: String\n  1 More: Int32", true)]
    [InlineData("message A\n  0 Text: String\nmessage B\n  0 X: Int32", true)]
    [InlineData("message A", false)]
    [InlineData("message A\n  1 Text: String", false)]
    [InlineData("message A\n  0 Text: Int32", false)]
    [InlineData("message B\n  0 Text: String", false)]
    public void A_message_may_grow_and_nothing_else(string now, bool fits) => Assert.Equal(fits, Broken("message A\n  0 Text: String", now).Count == 0);

    [Theory]
    [InlineData("enum E: One=1, Two=2, Three=3", true)]
    [InlineData("enum E: One=1", false)]
    [InlineData("enum E: One=2, Two=1", false)]
    public void An_enumeration_may_grow_and_nothing_else(string now, bool fits) => Assert.Equal(fits, Broken("enum E: One=1, Two=2", now).Count == 0);

    [Theory]
    [InlineData("grain G\n  Ask(String) -> Task\n  Stop() -> Task", true)]
    [InlineData("grain G\n  Ask(String, Int32) -> Task", false)]
    [InlineData("grain G\n  Ask(String) -> Task<Int32>", false)]
    public void A_grain_may_learn_new_methods_and_keeps_the_old(string now, bool fits) => Assert.Equal(fits, Broken("grain G\n  Ask(String) -> Task", now).Count == 0);

    /// <summary>What the older text has and the newer one lacks.</summary>
    private static List<string> Broken(string released, string now)
    {
        var said = Statements(now).ToHashSet(StringComparer.Ordinal);
        return [.. Statements(released).Where(statement => !said.Contains(statement))];
    }

    /// <summary>One statement for each thing that must stay: a type, a member or method of it, a value of an enumeration.</summary>
    private static IEnumerable<string> Statements(string contracts)
    {
        var of = "";
        foreach (var line in contracts.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.StartsWith(' '))
                yield return $"{of}: {line.Trim()}";
            else if (line.Split(": ", 2) is [var type, var parts] && (type.StartsWith("enum ", StringComparison.Ordinal) || type.StartsWith("class ", StringComparison.Ordinal)))
                foreach (var part in parts.Split(", "))
                    yield return $"{type}: {part}";
            else
                yield return of = line;
    }
}
