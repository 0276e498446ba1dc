using System.Text.RegularExpressions;

namespace Sophia.House;

/// <summary>Rules on the text of the sources. Each is an error; there are no suggestions.</summary>
public partial class SourceTests
{
    /// <summary>Beyond this a second noun lives in the file.</summary>
    private const int MaxLines = 400;

    private static IEnumerable<string> Sources => Repository.Files("src", ".cs", ".razor");

    [Fact]
    public void No_file_is_longer_than_one_noun() =>
        Assert.Empty(Sources.Select(f => (f, lines: Repository.Read(f).Split('\n').Length)).Where(x => x.lines > MaxLines + 1));

    [Fact]
    public void Nothing_is_left_open() => Assert.Empty(Sources.Where(f => LeftOpen().IsMatch(Repository.Read(f))));

    [Fact]
    public void A_source_file_has_a_namespace_of_Sophia_or_of_the_runtime_that_it_stands_for() =>
        Assert.Empty(Repository.Files("src", ".cs").Where(f => NamespaceLine().Match(Repository.Read(f)) is { Success: true, Value: var line } && !(f.StartsWith("src/InProcess/", StringComparison.Ordinal) ? line.Contains("Orleans") || line == "namespace Microsoft.Extensions.Hosting" : line.Contains("Sophia"))));

    [Fact]
    public void Tests_wait_for_events_and_never_for_time() =>
        Assert.Empty(Repository.Files("tests", ".cs").Where(f => !f.EndsWith("SourceTests.cs", StringComparison.Ordinal) && !f.EndsWith("ExactnessTests.cs", StringComparison.Ordinal) && Waiting().IsMatch(Repository.Read(f))));

    [Fact]
    public void No_file_holds_a_path_of_one_machine() =>
        Assert.Empty(Repository.Files("", ".cs", ".razor", ".md", ".csproj", ".props", ".json", ".sh", ".yaml", ".js").Where(f => MachinePath().IsMatch(Repository.Read(f))));

    [GeneratedRegex(@"TODO|FIXME|HACK|NotImplementedException")]
    private static partial Regex LeftOpen();

    [GeneratedRegex(@"^namespace [^;{\r\n]+", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"Thread\.Sleep|Task\.Delay\((\d|TimeSpan)[^,]*\)")]
    private static partial Regex Waiting();

    [GeneratedRegex(@"(?<![A-Za-z0-9._-])/(work|root)/[a-z]")]
    private static partial Regex MachinePath();
}
