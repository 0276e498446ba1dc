namespace Sophia.Knowledge;

/// <summary>Questions of everybody's knowledge, in the words of everyday, that no record of a business answers.</summary>
internal static class GeneralQuestions
{
    public static readonly string[] All =
    [
        "What is the capital of France?",
        "Who wrote Romeo and Juliet?",
        "How tall is Mount Everest?",
        "When did the Second World War end?",
        "What is the chemical symbol for gold?",
        "How many continents are there?",
        "Who was the first person on the moon?",
        "What language is spoken in Brazil?",
        "Which is the longest river in the world?",
        "How do I make pancakes?",
        "What is the population of Tokyo?",
        "Who painted the Mona Lisa?",
        "At what temperature does water boil?",
        "How many players are in a football team?",
        "What is the currency of Japan?",
        "When was the Eiffel Tower built?",
        "Why do leaves change colour in autumn?",
        "How long does it take to boil an egg?",
        "What is the largest animal on Earth?",
        "Who is the president of the United States?",
        "Where is the Great Barrier Reef?",
        "What time does the train to Berlin leave?",
        "How far is it from London to Paris?",
        "Which planet is closest to the sun?",
        "What is the best restaurant in Rome?",
        "How do I change a flat tyre?",
        "What is the weather like tomorrow?",
        "Who invented the telephone?",
        "How many bones are in the human body?",
        "What is the speed of light?",
        "Which team won the league last year?",
        "How do I remove a red wine stain?",
        "What is the meaning of life?",
        "When is the next full moon?",
        "How old is the universe?",
        "What is the square root of 144?",
        "Where do penguins live?",
        "Who composed the Moonlight Sonata?",
        "What is a good name for a cat?",
        "How do I get rid of ants in the kitchen?",
    ];
}

/// <summary>Questions that a table would have to be counted, summed or sorted for.</summary>
internal static class ComputedQuestions
{
    public static readonly string[] All =
    [
        "How many deals closed in May?",
        "What is the average close value per deal stage?",
        "How many accounts are in the medical sector?",
        "Which sales agent won the most deals?",
        "What is the total close value of all won deals?",
        "Which product has the highest sales price?",
        "How many deals did Moses Frase win?",
        "What is the sum of revenue over all accounts?",
        "Which account has the fewest employees?",
        "How many sales agents report to Dustin Brinkmann?",
        "What share of deals was lost?",
        "What is the median revenue of accounts in the retail sector?",
        "Count the deals in the stage Engaging.",
        "Which regional office has the lowest close value?",
        "How many products are in the series GTX?",
        "What is the number of accounts per office location?",
        "Which manager's agents closed the most deals in March?",
        "What is the average number of employees by sector?",
        "How much revenue do accounts in software have in total?",
        "Which sector has the largest number of accounts?",
        "What percentage of deals are in the stage Won?",
        "How many accounts were established before 1990?",
        "Top five accounts by revenue?",
        "Which deal took the longest to close?",
    ];
}
