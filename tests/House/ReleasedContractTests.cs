namespace Sophia.House;

/// <summary>What the last release said on the wire and kept in grain storage is still understood: silos of both run side by side during an upgrade (docs/adr/0017).</summary>
/// <remarks>docs/contracts.released.txt is docs/contracts.txt as the last release had it; whoever releases copies it. Adding is free; removing, renaming,
/// renumbering or retyping needs a release in which both are there.</remarks>
public class ReleasedContractTests
{
    [Fact]
    public void Nothing_that_the_last_release_said_is_gone_or_means_something_else() =>
        Assert.Empty(Broken(Repository.Read("docs/contracts.released.txt"), Repository.Read("docs/contracts.txt")));

    /// <summary>A program of the last release cannot answer a new method of a grain that it has, drops a new member of a state that it writes again, and does not know a new value.
    /// docs/contracts.added.txt says of each what becomes of it until all programs are new.</summary>
    [Fact]
    public void What_is_added_to_something_that_the_last_release_has_is_listed_with_what_its_programs_make_of_it()
    {
        var listed = Repository.Read("docs/contracts.added.txt").ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(entry => entry.Trim().Split('\n', 2)).ToList();
        Assert.Equal(Added(Repository.Read("docs/contracts.released.txt"), Repository.Read("docs/contracts.txt")).Order(StringComparer.Ordinal), listed.Select(entry => entry[0]).Order(StringComparer.Ordinal));
        Assert.All(listed, entry => Assert.True(entry is [_, [_, ..]], $"{entry[0]}: what do programs of the last release make of it?"));
    }

    [Theory]
    [InlineData("grain G\n  Ask() -> Task\n  More() -> Task", "grain G: More() -> Task")]
    [InlineData("grain G\n  Ask() -> Task\ngrain H\n  More() -> Task", "")]
    [InlineData("kept K\n  0 A: Int32\n  1 B: Int32", "kept K: 1 B: Int32")]
    [InlineData("message M\n  0 A: Int32\n  1 B: Int32", "")]
    [InlineData("enum E: One=1, Two=2", "enum E: Two=2")]
    public void A_new_method_of_a_known_grain_a_new_member_of_a_known_state_and_a_new_value_are_additions(string now, string added) =>
        Assert.Equal(added, string.Join(", ", Added("grain G\n  Ask() -> Task\nkept K\n  0 A: Int32\nmessage M\n  0 A: Int32\nenum E: One=1", now)));

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

    /// <summary>What is said anew of grains, kept states and enumerations that the older text has. Messages grow without asking: their new members may be absent.</summary>
    private static List<string> Added(string released, string now)
    {
        var said = Statements(released).ToHashSet(StringComparer.Ordinal);
        var known = said.Select(Of).ToHashSet(StringComparer.Ordinal);
        return [.. Statements(now).Where(statement => !said.Contains(statement) && known.Contains(Of(statement)) && Of(statement).Split(' ')[0] is "grain" or "kept" or "enum")];

        static string Of(string statement) => statement.Split(": ", 2)[0];
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
