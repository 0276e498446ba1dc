using System.Text.Json;
using Sophia.Chat;
using Sophia.Pipelines;

namespace Sophia.Operations;

/// <summary>Goal: a front end that is a release behind its silos serves what they say, unknown values included. Method: values that no release has.</summary>
public sealed class EnumWordsTests
{
    private const RunState NewState = (RunState)99;

    private static readonly RunView Run = new("crm-1", "crm", 1, false, NewState, default, default, null, null, new RunCounts(Stored: 3), 0, 0, 0, null, "asked", null);

    [Fact]
    public void A_value_of_a_newer_silo_is_written_as_unknown_and_the_rest_of_the_answer_with_it()
    {
        var written = JsonSerializer.SerializeToElement(Run, EdgeJson.Readable.GetTypeInfo(typeof(RunView))!);
        Assert.Equal(("unknown", 3L), (written.GetProperty("state").GetString(), written.GetProperty("counts").GetProperty("stored").GetInt64()));
        Assert.Equal("unknown", JsonSerializer.SerializeToElement(new ChatEvent(1, (ChatEventKind)99, 1, "", [], default), ChatWire.Readable.ChatEvent).GetProperty("kind").GetString());
        Assert.Equal("""{"unknown":1,"running":2}""", JsonSerializer.Serialize(new Dictionary<RunState, int> { [NewState] = 1, [RunState.Running] = 2 }, Shaped()));
        Assert.Equal("""["unknown",null]""", JsonSerializer.Serialize(new RunState?[] { NewState, null }, Shaped()));
    }

    [Fact]
    public void Known_values_are_camel_case_words_and_read_back()
    {
        foreach (var state in Enum.GetValues<RunState>())
        {
            var word = JsonSerializer.Serialize(state, Shaped());
            Assert.Equal($"\"{JsonNamingPolicy.CamelCase.ConvertName($"{state}")}\"", word);
            Assert.Equal(state, JsonSerializer.Deserialize<RunState>(word, Shaped()));
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"unknown\"")]
    public void What_is_no_word_of_ours_is_not_read(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<RunState>(json, Shaped()));

    private static JsonSerializerOptions Shaped()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        EdgeJson.Shape(options);
        options.TypeInfoResolverChain.Add(new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver());
        return options;
    }
}
