using System.Text;

namespace Sophia.Log;

// Goal: two texts say the same exactly where only their spelling differs. Method: pairs.
public sealed class MeaningTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{ "b" : 2 , "a" : 1 }""")]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""{"a":1}""", """{"a":1.00}""")]
    [InlineData("""{"a":1000}""", """{"a":1e3}""")]
    [InlineData("""{"a":-0.5}""", """{"a":-5E-1}""")]
    [InlineData("""{"a":-0.0}""", """{"a":0}""")]
    [InlineData("""{"a":12345678901234567890.10}""", """{"a":"12345678901234567890.1"}""")]
    [InlineData("""{"a":"\u00e9\/"}""", """{"a":"é/"}""")]
    [InlineData("""{"a":1,"b":null,"c":"","d":{},"e":[]}""", """{"a":1}""")]
    [InlineData("""{"a":true}""", """{"a":"true"}""")]
    public void Other_spellings_say_the_same(string one, string other) => Assert.Equal(Of(one), Assert.NotNull(Of(other)));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""")]
    [InlineData("""{"a":1}""", """{"b":1}""")]
    [InlineData("""{"a":"007"}""", """{"a":"7"}""")]
    [InlineData("""{"a":"1."}""", """{"a":"1"}""")]
    [InlineData("""{"a":"+1"}""", """{"a":"1"}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":"b","c":"d"}""", """{"a":"bc","d":""}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{},"b":1}""")]
    [InlineData("""{"a":[["b"],"c"]}""", """{"a":[["b","c"]]}""")]
    [InlineData("""{"a":1e400}""", """{"a":1e401}""")]
    [InlineData("""{"a":"1e99999999999"}""", """{"a":"1e99999999998"}""")]
    [InlineData("""{"a":"\ud800"}""", """{"a":"\ud801"}""")]
    [InlineData("""{"a":0.1}""", """{"a":1}""")]
    public void Whoever_says_something_else_is_told_apart(string one, string other) => Assert.NotEqual(Assert.NotNull(Of(one)), Assert.NotNull(Of(other)));

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"a":null,"b":""}""")]
    public void Whoever_says_nothing_is_known_by_nothing(string text) => Assert.Null(Of(text));

    private static UInt128? Of(string text) => Meaning.Of(Encoding.UTF8.GetBytes(text));
}
